/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control sockets, served by a thread of ordinary priority. /run/NAME/control (mode 0600) takes
 * all commands. /run/NAME/status (mode 0660, group `holdfast` if it exists) takes only questions
 * whose answers contain no passwords. The engine's loop sees no clients, no JSON and no slow
 * readers: the thread parses a request and passes it to the engine as a struct control_request over
 * a socket pair. The engine answers within a few turns, and the thread renders the answer.
 *
 * A handover or a drain is answered when its outcome is known. Until then the thread serves other
 * clients. It sends the waiting client a space once a second, which JSON allows before a value, so
 * that the client can tell a wait from a stopped daemon.
 *
 * The protocol is one JSON object in a line, in both directions: {"command": "status"}, {"command":
 * "handover", "instance": "example"}, {"command": "events", "after": 7} (see
 * control/record_json.h). Answers have "ok": true and the requested fields, or "ok": false and
 * "error": TEXT. Requests longer than CONTROL_REQUEST_MAX octets, clients beyond
 * CONTROL_MAX_CLIENTS, and unknown members of a request are refused. So the daemon never does less
 * or more than was requested.
 */
#ifndef HF_CONTROL_H
#define HF_CONTROL_H

#include <sys/types.h>

#include "config/config.h"
#include "control/status.h"
#include "core/loop.h"
#include "record/record.h"

#define CONTROL_REQUEST_MAX 4096
#define CONTROL_MAX_CLIENTS 32
#define CONTROL_ERROR_TEXT  4096 /* a refused reload lists the wrong lines */
#define CONTROL_MAX_LATE    32	 /* orders whose outcome is awaited: one for each client */

enum control_verb {
	CONTROL_STATUS,	  /* fills `status` */
	CONTROL_HANDOVER, /* `instance` must be MASTER here */
	CONTROL_RELOAD,	  /* `force` */
	CONTROL_EVENTS,	  /* fills `records` */
	CONTROL_DRAIN,	  /* `instance`, or all */
	CONTROL_UNDRAIN,
	CONTROL_CLEAR,	/* `neighbor`, or all */
	CONTROL_CONFIG, /* fills `text` and `file_differs`; the engine does not see it */
};

/* An instance that another node has taken over. */
struct control_taken {
	char instance[CFG_NAME_MAX];
	struct ipaddr by;
	int64_t after_ns; /* from our resignation to the other node's first advert */
};

/* Owned by the control thread; the engine holds it only until it has answered. */
struct control_request {
	enum control_verb verb;
	char instance[CFG_NAME_MAX]; /* "": all, if the verb allows that */
	struct ipaddr neighbor;	     /* all zero: all, if the verb allows that */
	struct status *status;	     /* CONTROL_STATUS: to be filled */
	struct record_ring *records; /* CONTROL_EVENTS: to be filled */
	uint64_t after;		     /* CONTROL_EVENTS: only records with a higher number */
	/* RELOAD: accept a file with errors; DRAIN: even if nobody takes over; HANDOVER: even if no
	 * node is ready. */
	bool force;
	bool later;	 /* set by the engine: it answers by control_answer() */
	bool unfinished; /* set by the engine: it answers some turns later, by control_finish() */
	bool moved;	 /* DRAIN: other nodes have taken over; the order itself remains */
	/* HANDOVER and DRAIN: who took over. From calloc(), with room for all instances. */
	struct control_taken *taken;
	unsigned int n_taken, taken_room;
	char *text;	   /* CONTROL_CONFIG: from malloc() */
	bool file_differs; /* CONTROL_CONFIG: the file now differs from `text` */
	bool refused;
	char error[CONTROL_ERROR_TEXT]; /* why, and what to do instead */
	char note[CONTROL_ERROR_TEXT];	/* what was done, or "" */
	void
	    *reload; /* CONTROL_RELOAD: result of the loader; the engine takes it by setting NULL */
};

/*
 * Executes one request in a turn of the loop. It fills `refused` and `error`, or `status` (within
 * status->room), or `records`. It must not destroy the control sockets. If it sets `later`, it
 * keeps the request until it calls control_answer(); the thread sends no more than CONTROL_MAX_LATE
 * of them. If it sets `unfinished`, it keeps the request until it calls control_finish().
 */
typedef void (*control_handler_fn)(void *ctx, struct control_request *req);

struct control;

/* Answers an `unfinished` request. The thread waits for it and sends no other request. */
void control_finish(struct control *ctl, struct control_request *req);
/* Gives back a request that was kept as `later`, filled as by the handler. A drain that is not
 * refused then comes to the handler again, with `moved` set. `ctl` may be NULL. */
void control_answer(struct control *ctl, struct control_request *req);

/*
 * Creates `run_dir` (/run/NAME) and the sockets, and starts the thread. `fn` is called in the loop.
 * NULL with errno, and the reason is logged. EADDRINUSE: a daemon with that name is running.
 */
struct control *control_create(struct loop *loop, const char *run_dir,
			       const struct status_limits *limits, control_handler_fn fn,
			       void *ctx);
/*
 * Ends the threads, closes the clients and removes the sockets. `ctl` may be NULL. False after some
 * seconds: a thread still waits for a disk. Then the caller must not touch the data that it uses,
 * including the loader's context, and must end the process.
 */
bool control_destroy(struct control *ctl);

/*
 * The functions that read the configuration and store data that outlives the daemon.
 *
 * `load` and `show` run in the loading thread, one at a time, and may block. `load` runs before the
 * engine gets a reload: it fills req->reload or refuses the request. `show` executes CONTROL_CONFIG
 * without the engine, or refuses it. If one has not returned after ten seconds, the request is
 * refused, and `late` names the file that it waits for. A later result is dropped, and no other
 * call starts before that.
 *
 * The other functions run in the control thread. `drop` frees the result of `load`. `keep` runs
 * after the engine has executed a request that is no question. Until it returns, no further request
 * goes to the engine, so data that only requests change is constant. `keep` may add to req->note.
 */
struct control_loader {
	void (*load)(void *ctx, struct control_request *req);
	void (*drop)(void *ctx, struct control_request *req);
	void (*show)(void *ctx, struct control_request *req);
	void (*keep)(void *ctx, struct control_request *req); /* NULL: nothing is kept */
	void (*late)(void *ctx, char *what, size_t size);
	/* Called with the status after each transition and every five seconds. NULL: not needed. */
	void (*tell)(void *ctx, const struct status *st);
	void *ctx;
};
/* Sets the loader, which must outlive `ctl`. Without one CONTROL_RELOAD has no req->reload. */
void control_set_loader(struct control *ctl, const struct control_loader *loader);
/* Starts a reload as if a client had requested it, and logs the result (SIGHUP). Several calls may
 * lead to one reload. */
void control_ask_reload(struct control *ctl);
/* Makes the thread write the flight recorder's records to `path`, which must outlive the thread. */
void control_keep(struct control *ctl, const char *path);
/* True if the thread has written them to that file at least once. */
bool control_has_kept(const struct control *ctl);
/* Tells the thread that there are new records: it requests them by CONTROL_EVENTS and writes them
 * soon. Cheap. `ctl` may be NULL. */
void control_ring(struct control *ctl);
/* Sets the room that later requests allocate, because the configuration has changed. */
void control_set_limits(struct control *ctl, const struct status_limits *limits);

#endif
