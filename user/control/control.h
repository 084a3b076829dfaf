/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control sockets, served by a thread of ordinary priority: /run/NAME/control (mode 0600) takes
 * commands, /run/NAME/status (mode 0660, group `holdfast` where it exists) only questions. Clients,
 * JSON and slow readers never meet the loop: a request that parses is handed to the engine as a
 * struct control_request over a socket pair, answered within one turn, and rendered by the thread.
 *
 * On the wire: one JSON object a line, both ways: {"command": "status"}, {"command": "handover",
 * "instance": "example"}, {"command": "events", "after": 7} (see control/record_json.h). Answers
 * carry "ok": true and the fields asked for, or "ok": false, "error": TEXT. Requests over
 * CONTROL_REQUEST_MAX octets, and clients over CONTROL_MAX_CLIENTS, are refused; so are members of
 * a request that this daemon does not know, lest it do less or more than was asked.
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
#define CONTROL_ERROR_TEXT  512

enum control_verb {
	CONTROL_STATUS,	  /* fills `status` */
	CONTROL_HANDOVER, /* `instance` must be MASTER here */
	CONTROL_RELOAD,
	CONTROL_EVENTS, /* fills `records` */
	CONTROL_DRAIN,	/* `instance`, or all */
	CONTROL_UNDRAIN,
	CONTROL_CLEAR, /* `neighbor`, or all */
};

/* Owned by the control thread; the engine holds it only until it has answered. */
struct control_request {
	enum control_verb verb;
	char instance[CFG_NAME_MAX]; /* empty: all, where the verb allows */
	struct ipaddr neighbor;	     /* all zero: all, where the verb allows */
	struct status *status;	     /* CONTROL_STATUS: to be filled */
	struct record_ring *records; /* CONTROL_EVENTS: to be filled */
	uint64_t after;		     /* CONTROL_EVENTS: only records with a higher number */
	bool refused;
	char error[CONTROL_ERROR_TEXT]; /* why, and what to do instead */
	char note[CONTROL_ERROR_TEXT];	/* what was done, if there is more to say than that; "" */
	void *reload; /* CONTROL_RELOAD: the loader's; the engine sets it to NULL to keep it */
};

/*
 * Carries out one request within the loop's turn, filling `refused` and `error`, or `status` (no
 * more than `status->room`) or `records`. Called in the loop; it may not destroy the control
 * sockets.
 */
typedef void (*control_handler_fn)(void *ctx, struct control_request *req);

struct control;

/*
 * Makes `run_dir` (/run/NAME) and the sockets, and starts the thread. `fn` is called in the loop.
 * NULL with errno and the reason logged; EADDRINUSE: a daemon of that name runs already.
 */
struct control *control_create(struct loop *loop, const char *run_dir,
			       const struct status_limits *limits, control_handler_fn fn,
			       void *ctx);
/* Ends the thread, closes the clients and removes the sockets. NULL is fine. */
void control_destroy(struct control *ctl);

/*
 * Who reads the configuration anew, and keeps what is to outlive the daemon. The functions run in
 * the control thread, which may wait for disks and user databases; other requests wait meanwhile.
 * `load` comes before the engine is asked for a reload: it fills req->reload, or refuses. `drop`
 * frees what is there when the engine has answered, or never will. `keep` comes after the engine
 * has carried out anything but a question: what such a request alone changes does not change while
 * it runs, and it may add to req->note.
 */
struct control_loader {
	void (*load)(void *ctx, struct control_request *req);
	void (*drop)(void *ctx, struct control_request *req);
	void (*keep)(void *ctx, struct control_request *req); /* NULL: nothing is kept */
	void *ctx;
};
/* From now on; `loader` must outlive `ctl`. Without one CONTROL_RELOAD brings nothing along. */
void control_set_loader(struct control *ctl, const struct control_loader *loader);
/* A reload as if a client had asked for it, whose result is logged (SIGHUP). Several at once may
 * become one. */
void control_ask_reload(struct control *ctl);
/* From now on the thread writes the flight recorder's records to `path`, which must outlive it. */
void control_keep(struct control *ctl, const char *path);
/* There are new records: asked for by CONTROL_EVENTS and written soon. Costs little; NULL is fine.
 */
void control_ring(struct control *ctl);
/* The configuration has changed: questions asked from now on bring room for `limits`. */
void control_set_limits(struct control *ctl, const struct status_limits *limits);

#endif
