/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shared by the files of the data path; no other file includes it.
 *
 * Adoption works by claims. datapath_open() takes over everything that an earlier daemon left
 * pinned, as "not claimed". Each call that publishes or attaches claims its part. In the loop's
 * first turn the unclaimed parts are removed (sweep() in datapath.c). The peers of an instance are
 * claimed in the same way after a reload.
 */
#ifndef HF_DATAPATH_INTERNAL_H
#define HF_DATAPATH_INTERNAL_H

#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/addr_index.h"
#include "core/log.h"
#include "core/worker.h"
#include "datapath/datapath.h"
#include "vrrp_advert.h"

#define DP_BPFFS	 "/sys/fs/bpf"
#define DP_PATH		 128 /* DP_BPFFS, a daemon's name, a pin's name */
#define DP_NAME_MAX	 31
#define DP_EVENTS_A_TURN 64  /* at most; the rest is ready in the next turn */
#define DP_SWEEP_A_TURN	 128 /* deletions, of a microsecond each */
#define DP_ID_SET	 32  /* octets of a set of key ids */
#define DP_TC_PRIORITY	 1   /* our filter runs before the filters of others */

struct dp_filter { /* one of our programs in a clsact hook */
	bool on;
	uint32_t priority, handle;
};

/* What is attached to one interface. */
struct dp_attachment {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	enum datapath_attach attach;
	int link_fd; /* the XDP link, or -1 */
	struct dp_filter in, out;
	bool own_qdisc; /* clsact was created by us */
	bool reflects;	/* S-BFD probes are answered here */
	char reason[96];
};

/* The result of an attempt to attach. */
struct dp_attempt {
	int err;	  /* of ingress, which is required: 0 or -errno */
	bool gone;	  /* there is no such interface any more */
	bool in_removed;  /* another program has removed our program at ingress */
	bool out_removed; /* another program has removed our program at egress */
};

/* An interface, and the job that attaches or detaches it. */
struct dp_interface {
	struct datapath *dp;
	struct dp_attachment now; /* as the loop knows it */
	bool claimed;
	bool reflects; /* of the next attempt */
	bool tried;    /* `err` is that of the last attempt */
	int err;
	bool again; /* check again when the job is done */
	bool busy;  /* the job is running; the next five members belong to it */
	bool ran;
	bool detach;
	struct worker_job job;
	struct dp_attachment work;
	struct dp_attempt attempt;
	struct log_limit removed_limit;
	struct mono deaf_until; /* its XDP program was missing: silence proves nothing until then */
};

struct dp_bfd;	    /* bfd.c */
struct dp_raw;	    /* raw.c */
struct dp_raw_auth; /* raw_auth.c */
struct dp_sbfd;	    /* sbfd.c */
struct dp_tc_watch; /* tc_watch.c */

struct dp_peer {
	struct ipaddr address;
	struct hf_peer rules;
	bool claimed;
};

/* An entry of the maps that are indexed by slot. */
struct dp_slot {
	struct datapath *dp;
	struct datapath_instance *instance; /* its owner; NULL: free, or of an earlier daemon */
	struct hf_inst_cfg cfg;		    /* as last published */
	struct hf_inst_key keys[DATAPATH_MAX_UPLINKS]; /* that hf_inst_idx maps to this slot */
	uint32_t n_keys;
	uint32_t first_generation; /* of its instance, as this virtual router */
	uint32_t also;		   /* raw mode: the macvlan on which it is heard too; 0: none */
	bool free;		   /* on the list of the free ones */
	struct dp_peer *peers;	   /* owner: this slot */
	uint32_t n_peers, max_peers;
	uint8_t keys_known[DP_ID_SET], keys_wanted[DP_ID_SET]; /* stored keys; keys to keep */
	struct dp_raw_auth *raw_auth;			       /* raw mode; owner: this slot */
	bool timer_refused;	 /* the kernel had no memory for the bpf_timer of this slot */
	struct loop_timer timer; /* without bpf_timer: fires at the deadline, or before it */
	uint32_t grace;		 /* of vrrp_watch_left_ns() */
	uint64_t reported_ns;	 /* the deadline last reported as passed */
	uint32_t events_lost;	 /* hf_inst_state.events_lost when it was last read */
	uint64_t recovered_ns;	 /* when lost events were last replaced by the state; 0: never */
};

struct datapath_instance {
	struct datapath *dp;
	void *owner;
	struct dp_slot *slot; /* NULL until it is set for the first time */
	bool set;
	const struct datapath_key *keys; /* owner: the caller of datapath_set_keys() */
	unsigned int n_keys;
	uint32_t uplinks[DATAPATH_MAX_UPLINKS - 1]; /* of datapath_set_uplinks() */
	unsigned int n_uplinks;
};

/* The virtual router of an instance: its family and VRID on each of its interfaces. */
struct dp_router {
	struct hf_inst_key keys[DATAPATH_MAX_UPLINKS];
	uint32_t n;
};

struct dp_vip {
	struct ipaddr address;
	bool used, claimed;
};

/* The functions of a mode: the BPF mode (maps.c, attach.c) or the raw mode (raw.c). */
struct dp_mode {
	void (*close)(struct datapath *dp);
	/* Fills slots and VIPs with what an earlier daemon published. 0 or -errno. */
	int (*adopt)(struct datapath *dp);

	/* From now on adverts of `key` belong to slot `number`, whose state is cleared first if
	 * `anew`. 0 or -errno. */
	int (*index)(struct datapath *dp, const struct hf_inst_key *key, uint32_t number,
		     bool anew);
	void (*unindex)(struct datapath *dp, const struct hf_inst_key *key);
	/* A macvlan takes frames before this mode sees them on the interface below it, so adverts
	 * are heard on the macvlan too. */
	bool hears_macvlans;
	/* Finds the slot of `key`. False: there is none. */
	bool (*find)(struct datapath *dp, const struct hf_inst_key *key, uint32_t *number);
	/* slot->cfg has changed. 0 or -errno. */
	int (*publish)(struct dp_slot *slot);
	/* Runs the program hf_arm, or does the same. 0, HF_ARM_NO_TIMER or -errno. */
	int (*arm)(struct datapath *dp, struct hf_arm_args *args);
	int (*set_peer)(struct dp_slot *slot, const struct dp_peer *peer);
	void (*delete_peer)(struct dp_slot *slot, const struct dp_peer *peer);
	/* Creates the marks and counts of auth_hmac; sets them to zero if they are new or
	 * `anew`. */
	int (*make_auth)(struct dp_slot *slot, bool anew);
	void (*delete_auth)(struct dp_slot *slot);
	int (*set_key)(struct dp_slot *slot, const struct datapath_key *key);
	void (*delete_key)(struct dp_slot *slot, uint8_t id);
	int (*auth_state)(const struct dp_slot *slot, struct hf_auth_state *out);
	/* Updates the state before it is read. */
	void (*refresh)(struct datapath *dp);

	/* Attaches both directions where they are not attached, or sets att->reason. Called in the
	 * thread, like detach. */
	void (*attach)(const struct datapath *dp, struct dp_attachment *att,
		       struct dp_attempt *attempt);
	void (*detach)(const struct datapath *dp, struct dp_attachment *att);

	/* Starts to count `address` as number `vip`, from zero. 0 or -errno. */
	int (*add_vip)(struct datapath *dp, const struct ipaddr *address, uint32_t vip);
	void (*delete_vip)(struct datapath *dp, const struct ipaddr *address);
	/* Publishes the filter: a bit for each last octet of a counted address. */
	void (*set_filter)(struct datapath *dp, const uint64_t filter[4]);
	/* Starts to count `key`, from zero. 0 or -errno. */
	int (*add_conn)(struct datapath *dp, const struct hf_conn_key *key);
	void (*delete_conn)(struct datapath *dp, const struct hf_conn_key *key);
	/* The kernel half looks into hf_conn for the numbers whose bits are set. */
	void (*set_conns)(struct datapath *dp, const uint64_t vips[HF_MAX_VIPS / 64]);
	/* For any thread. 0 or -errno. */
	int (*conn)(struct datapath *dp, const struct hf_conn_key *key, struct hf_conn *out);
	int (*traffic)(struct datapath *dp, uint32_t vip, struct hf_traffic *rx,
		       struct hf_traffic *tx);
	int (*verdict)(struct datapath *dp, uint32_t reason, struct hf_verdict *out);
};

struct datapath {
	struct loop *loop;
	struct datapath_options opt;
	const struct dp_mode *mode;
	char name[DP_NAME_MAX + 1];
	char dir[DP_PATH];     /* of the pins; empty: there is no bpffs, nothing is pinned */
	struct holdfast *skel; /* BPF mode */
	struct dp_raw *raw;    /* raw mode */
	char raw_reason[96];   /* why the raw mode is used */
	bool bpf_timer;
	const volatile struct hf_inst_state *state; /* of all slots */
	struct ring_buffer *events;
	struct loop_source events_src;
	struct loop_source clock_src;
	int events_left;	  /* events that may still be handled in this turn */
	struct mono events_until; /* and when the handling ends at the latest */
	datapath_event_fn fn;
	struct dp_slot *slots; /* HF_MAX_INSTANCES */
	uint16_t *free_slots;  /* a stack of their numbers */
	uint32_t n_free_slots;
	struct dp_vip *vips;	     /* HF_MAX_VIPS */
	struct addr_index vip_index; /* of the used entries of `vips` */
	uint32_t vip_unused;	     /* all entries below this number are used */
	uint16_t vip_octets[256];  /* for each last octet: number of used addresses that have it */
	uint64_t vip_filter[4];	   /* a bit for each last octet that is used */
	struct hf_conn_key *conns; /* HF_MAX_CONNS: those counted */
	unsigned int n_conns;
	struct dp_sbfd *sbfd;
	struct dp_bfd *bfd; /* NULL in the raw mode */
	struct dp_interface **interfaces;
	unsigned int n_interfaces, max_interfaces;
	struct worker *worker; /* attaches and detaches; NULL: the caller does it at once */
	datapath_attached_fn attached_fn;
	void *attached_ctx;
	struct dp_tc_watch *tc_watch;
	struct loop_timer verify;
	unsigned int unverified; /* entries of `interfaces` that this round has not checked yet */
	struct mono next_round;
	struct loop_timer sweep;
	unsigned int n_cpus; /* possible CPUs: the number of parts of a per-CPU value */
};

/* pins.c: the directory and its lock */

/* Mounts bpffs if necessary, and creates the pin directory. 0 or -errno; dp->dir is empty on
 * error. */
int dp_pins_prepare(struct datapath *dp);
/* Locks /sys/fs/bpf/<name> against another daemon's start or end. A descriptor or -errno. */
int dp_pins_lock(const char *name);
void dp_pins_unlock(int fd);
/* "<dir>/<name>" into `path`. -ENAMETOOLONG or 0. */
int dp_pin_path(char path[DP_PATH], const char *dir, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Detaches everything that the pins in `dir` name, and removes the pins and `dir`. 0 or -errno. */
int dp_pins_remove(const char *dir);
/* The same for the directories of all ABIs except `except` (may be NULL). Returns their number or
 * -errno. */
int dp_pins_remove_all(const char *name, const char *except);

/* load.c */

/* Loads the programs. Uses the pinned maps if they fit; then *adopted is set. 0 or -errno. */
int dp_load(struct datapath *dp, bool *adopted);
void dp_unload(struct datapath *dp);

/* maps.c: the BPF mode */

extern const struct dp_mode dp_mode_bpf;
/* Maps the states and listens for events, after dp_load(). 0 or -errno. */
int dp_maps_open(struct datapath *dp);

/* interface.c: the table of interfaces, in the loop */

/* Takes over the attachments named by the pins, unclaimed. 0 or -ENOMEM. */
int dp_interfaces_adopt(struct datapath *dp);
/* Detaches unclaimed interfaces. */
void dp_interfaces_sweep(struct datapath *dp);
/* Checks soon whether everything is still attached to `ifindex`. */
void dp_interfaces_verify(struct datapath *dp, uint32_t ifindex);
/* The same for all interfaces. Only after datapath_start_worker(). */
void dp_interfaces_verify_all(struct datapath *dp);
/* Ends the thread and frees all interfaces; `detach`: detaches them first. */
void dp_interfaces_close(struct datapath *dp, bool detach);

/* attach.c: the work on one interface, in the thread */

/* Calls `fn` for each interface named by the pins in `dir`. 0 or the result of `fn`. */
int dp_attachments_scan(const char *dir, int (*fn)(void *ctx, const struct dp_attachment *att),
			void *ctx);
void dp_bpf_attach(const struct datapath *dp, struct dp_attachment *att,
		   struct dp_attempt *attempt);
/* Detaches and unpins; `dir` may be empty. */
void dp_attachment_remove(const char *dir, struct dp_attachment *att);
/* Closes the descriptors of `att`, but leaves it attached. */
void dp_attachment_forget(struct dp_attachment *att);
/* Has somebody detached the XDP link of `att`? One system call. */
bool dp_xdp_removed(const struct dp_attachment *att);
/* The interface and its attachments are gone: removes only the pins. */
void dp_attachment_unpin(const char *dir, struct dp_attachment *att);
void dp_reason_set(struct dp_attachment *att, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* tc.c */

/* Makes sure that there is a clsact qdisc; records in `att` whether we created it. 0 or -errno. */
int dp_tc_prepare(const char *dir, struct dp_attachment *att, int prog_fd);
/* Attaches, or replaces the program in the existing filter. 0 or -errno. */
int dp_tc_attach(const char *dir, struct dp_attachment *att, bool ingress, int prog_fd);
/* Does the filter exist with exactly that program? 1, 0, or -errno: unknown. */
int dp_tc_holds(const struct dp_attachment *att, bool ingress, int prog_fd);
void dp_tc_detach(const char *dir, struct dp_attachment *att, bool ingress);
/* Removes only the pins of filters and qdisc. */
void dp_tc_unpin(const char *dir, struct dp_attachment *att);
/* Removes the qdisc if it is ours and no filter is left in it. */
void dp_tc_finish(const char *dir, struct dp_attachment *att);
/*
 * Runs `cb` over the messages of a dump of the filters in one direction of the clsact qdisc, ours
 * and others', until MNL_CB_STOP. 0 or -errno.
 */
int dp_tc_each_filter(uint32_t ifindex, bool ingress, mnl_cb_t cb, void *data);
/* Reads priority and handle from the name of a filter's pin, which is the only information about
 * the filter after a restart. */
void dp_tc_parse_pin(struct dp_attachment *att, bool ingress, const char *rest);
uint32_t dp_prog_id(int fd);

/* tc_unpinned.c */

/* Removes Holdfast's filters for which no daemon has a pin. Returns their number, or -errno. */
int dp_tc_remove_unpinned(void);

/* tc_watch.c */

/* Listens for removed filters and qdiscs, and has their interfaces checked. NULL with errno. */
struct dp_tc_watch *dp_tc_watch_create(struct datapath *dp);
void dp_tc_watch_destroy(struct dp_tc_watch *watch); /* NULL is fine */

/* instance.c */

uint32_t dp_slot_number(const struct dp_slot *slot);
int dp_slots_create(struct datapath *dp);
/* After adoption: puts the unused slots on the list of free slots. */
void dp_slots_list_free(struct datapath *dp);
void dp_slots_destroy(struct datapath *dp);
/* Remembers a peer that an earlier daemon published. 0 or -ENOMEM. */
int dp_slot_adopt_peer(struct dp_slot *slot, const struct ipaddr *address);
/* Removes at most *budget unclaimed parts, and reduces *budget by their number. */
void dp_slots_sweep(struct datapath *dp, int *budget);
/* Without bpf_timer: the kernel half has moved the deadline of `slot`. */
void dp_slot_deadline_moved(struct dp_slot *slot);
/* Is `ev` of an existing instance, in its present generation, or a priority 0 that it heard in an
 * earlier one? */
bool dp_slot_wants(const struct datapath *dp, const struct hf_event *ev);
/* Delivers such an event to the owner of the instance. An advert to a BACKUP from before the last
 * recovery is replaced by the state, which is newer. */
void dp_slot_deliver(struct datapath *dp, const struct hf_event *ev);
/* Handles the instances of which an event was lost because the ring buffer was full. Reports from
 * the state that the master is down, or its last advert. */
void dp_slots_recover(struct datapath *dp);

/* router.c */

struct dp_router dp_router_of(const struct datapath_instance *in, uint32_t ifindex,
			      const struct hf_inst_cfg *cfg);
/* Is one of the interfaces of `router` mapped to `slot`? */
bool dp_slot_is_router(const struct dp_slot *slot, const struct dp_router *router);
/* Maps the keys of `router` to `slot`, and no others. Clears its state unless one of them is mapped
 * to it already. 0 or -errno. */
int dp_slot_index(struct dp_slot *slot, const struct dp_router *router);
/* Removes all its keys from the index. */
void dp_slot_forget_keys(struct dp_slot *slot);
/* Remembers an entry of the index that an earlier daemon left. */
void dp_slot_adopt_key(struct dp_slot *slot, const struct hf_inst_key *key);

/* auth.c */

/* Stores the keys of `in` for `slot`, before it is published. 0 or -errno. */
int dp_auth_publish(struct dp_slot *slot, const struct datapath_instance *in);
/* Has `slot` no keys left? */
bool dp_auth_is_clear(const struct dp_slot *slot);
void dp_auth_adopt_key(struct dp_slot *slot, uint8_t id);
/* Removes keys that are not wanted any more; `budget` as for dp_slots_sweep(). */
void dp_auth_sweep(struct dp_slot *slot, int *budget);
/* The functions of the BPF mode. */
int dp_bpf_make_auth(struct dp_slot *slot, bool anew);
void dp_bpf_delete_auth(struct dp_slot *slot);
int dp_bpf_set_key(struct dp_slot *slot, const struct datapath_key *key);
void dp_bpf_delete_key(struct dp_slot *slot, uint8_t key);
int dp_bpf_auth_state(const struct dp_slot *slot, struct hf_auth_state *out);
/* Passes CLOCK_REALTIME to the kernel half, now and whenever the clock has been set. 0 or
 * -errno. */
int dp_clock_open(struct datapath *dp);
void dp_clock_close(struct datapath *dp);

/* raw_auth.c */

int dp_raw_make_auth(struct dp_slot *slot, bool anew);
void dp_raw_delete_auth(struct dp_slot *slot);
int dp_raw_set_key(struct dp_slot *slot, const struct datapath_key *key);
void dp_raw_delete_key(struct dp_slot *slot, uint8_t id);
int dp_raw_auth_state(const struct dp_slot *slot, struct hf_auth_state *out);
/* Checks the trailer of an advert from `source` that vrrp_advert_check() accepted. */
enum hf_verdict_reason dp_raw_verify(struct dp_slot *slot, const struct hf_inst_state *st,
				     const struct ipaddr *source, const uint8_t *msg,
				     const uint8_t *end, const struct vrrp_heard *heard,
				     struct mono now);

/* sbfd.c */

int dp_sbfd_open(struct datapath *dp);
void dp_sbfd_close(struct datapath *dp);
void dp_sbfd_sweep(struct datapath *dp, int *budget);
/* Delivers a HF_EV_SBFD to the owner of its entry, if its generation is the present one. */
void dp_sbfd_deliver(struct datapath *dp, const struct hf_event *ev);

/* bfd.c */

/* Only for the BPF mode. 0 or -errno. */
int dp_bfd_open(struct datapath *dp);
void dp_bfd_close(struct datapath *dp);
/* Delivers a HF_EV_BFD or HF_EV_BFD_EXPIRED to the owner of its session, if that still exists. */
void dp_bfd_deliver(struct datapath *dp, const struct hf_event *ev);
/* Handles the sessions of which an event was lost because the ring buffer was full. */
void dp_bfd_recover(struct datapath *dp);

/* traffic.c */

/* Gives `address`, which has no number yet, the number `vip`, unclaimed. */
void dp_vip_take(struct datapath *dp, const struct ipaddr *address, uint32_t vip);
void dp_vips_sweep(struct datapath *dp, int *budget);

/* raw.c, raw_socket.c: the raw mode */

extern const struct dp_mode dp_mode_raw;
int dp_raw_open(struct datapath *dp);

/* datapath.c */

/* Removes the unclaimed parts in the loop's next turn. */
void dp_sweep_soon(struct datapath *dp);

#endif
