// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests as JSON. A client may send anything, so parsing is strict: the depth is limited, every
 * member's type is checked, and unknown input is refused with a text that says what would be
 * accepted. The verbs are in one table. Called by the control thread and the fuzzer.
 */
#include "control/control_request.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/json_put.h"
#include "control/record_json.h"
#include "core/addr.h"
#include "core/json_read.h"
#include "core/utf8.h"

#define REQUEST_DEPTH 4	 /* a request is one flat object */
#define ECHO_MAX      40 /* octets of an unknown word that the error repeats */

enum instance_use { INSTANCE_NONE, INSTANCE_OPTIONAL, INSTANCE_REQUIRED };

static const struct verb {
	const char *name;
	enum control_verb verb;
	bool question;
	bool secret; /* its answer contains passwords */
	enum instance_use instance;
} verbs[] = {
    {"status", CONTROL_STATUS, true, false, INSTANCE_NONE},
    {"handover", CONTROL_HANDOVER, false, false, INSTANCE_REQUIRED},
    {"reload", CONTROL_RELOAD, false, false, INSTANCE_NONE},
    {"events", CONTROL_EVENTS, true, false, INSTANCE_NONE},
    {"drain", CONTROL_DRAIN, false, false, INSTANCE_OPTIONAL},
    {"undrain", CONTROL_UNDRAIN, false, false, INSTANCE_OPTIONAL},
    {"clear", CONTROL_CLEAR, false, false, INSTANCE_NONE},
    {"config", CONTROL_CONFIG, true, true, INSTANCE_NONE},
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *verb_of(enum control_verb verb)
{
	for (size_t i = 0; i < N_VERBS; i++) {
		if (verbs[i].verb == verb)
			return &verbs[i];
	}
	return NULL;
}

const char *control_verb_name(enum control_verb verb)
{
	const struct verb *v = verb_of(verb);

	return v ? v->name : "?";
}

bool control_verb_is_question(enum control_verb verb)
{
	const struct verb *v = verb_of(verb);

	return v && v->question;
}

int control_request_refuse(struct control_request *req, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(req->error, sizeof(req->error), fmt, args);
	va_end(args);
	req->refused = true;
	return -EINVAL;
}

static int refuse_unknown_verb(struct control_request *req, const char *name)
{
	char known[CONTROL_ERROR_TEXT] = "";
	size_t at = 0;

	for (size_t i = 0; i < N_VERBS && at < sizeof(known); i++)
		at += (size_t)snprintf(known + at, sizeof(known) - at, "%s%s", i ? ", " : "",
				       verbs[i].name);
	return control_request_refuse(req, "unknown command \"%.*s\"; this daemon knows: %s",
				      ECHO_MAX, name, known);
}

/* The text of a member, which must be a string without NUL octets; NULL with the request refused.
 */
static const char *text_member(struct control_request *req, const char *key, json_object *value)
{
	const char *text;

	if (!json_object_is_type(value, json_type_string)) {
		control_request_refuse(req, "\"%.*s\" must be a string", ECHO_MAX, key);
		return NULL;
	}
	text = json_object_get_string(value);
	if (strlen(text) != (size_t)json_object_get_string_len(value)) {
		control_request_refuse(req, "\"%.*s\" holds a NUL octet", ECHO_MAX, key);
		return NULL;
	}
	return text;
}

static int take_instance(struct control_request *req, const char *text)
{
	if (text[0] == '\0')
		return control_request_refuse(req, "\"instance\" is empty");
	if (strlen(text) >= sizeof(req->instance))
		return control_request_refuse(req, "no instance has so long a name (at most %zu)",
					      sizeof(req->instance) - 1);
	snprintf(req->instance, sizeof(req->instance), "%s", text);
	return 0;
}

static int take_neighbor(struct control_request *req, const char *text)
{
	if (ipaddr_parse(&req->neighbor, text) < 0 || ipaddr_is_unset(&req->neighbor))
		return control_request_refuse(req, "\"%.*s\" is no neighbor's address", ECHO_MAX,
					      text);
	return 0;
}

/* "after": the number of a record from an earlier answer. */
static int take_after(struct control_request *req, json_object *value)
{
	int64_t number = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || number < 0)
		return control_request_refuse(req, "\"after\" must be a number of an event");
	req->after = (uint64_t)number;
	return 0;
}

static int take_force(struct control_request *req, json_object *value)
{
	if (!json_object_is_type(value, json_type_boolean))
		return control_request_refuse(req, "\"force\" must be true or false");
	req->force = json_object_get_boolean(value);
	return 0;
}

/* Reads the members of `root`; *verb is the command's text, which lives as long as `root`. */
static int take_members(struct control_request *req, json_object *root, const char **verb)
{
	json_object_object_foreach(root, key, value)
	{
		bool is_command = strcmp(key, "command") == 0;
		bool is_neighbor = strcmp(key, "neighbor") == 0;
		const char *text;

		if (strcmp(key, "after") == 0 || strcmp(key, "force") == 0) {
			if ((key[0] == 'a' ? take_after : take_force)(req, value) < 0)
				return -EINVAL;
			continue;
		}
		if (!is_command && !is_neighbor && strcmp(key, "instance") != 0)
			return control_request_refuse(
			    req,
			    "unknown member \"%.*s\"; known are command, instance, neighbor, after "
			    "and force",
			    ECHO_MAX, key);
		text = text_member(req, key, value);
		if (!text)
			return -EINVAL;
		if (is_command)
			*verb = text;
		else if ((is_neighbor ? take_neighbor : take_instance)(req, text) < 0)
			return -EINVAL;
	}
	return 0;
}

static int take_verb(struct control_request *req, const char *name, bool read_only)
{
	const struct verb *v = NULL;

	if (!name)
		return control_request_refuse(
		    req, "no \"command\"; write for example {\"command\": \"status\"}");
	for (size_t i = 0; i < N_VERBS && !v; i++)
		v = strcmp(verbs[i].name, name) == 0 ? &verbs[i] : NULL;
	if (!v)
		return refuse_unknown_verb(req, name);
	req->verb = v->verb;
	if (read_only && !v->question) {
		control_request_refuse(
		    req, "the socket `status` takes only questions; send %s to `control`", v->name);
		return -EACCES;
	}
	if (read_only && v->secret) {
		control_request_refuse(
		    req, "the answer to %s holds passwords; send it to `control`", v->name);
		return -EACCES;
	}
	if (req->after && v->verb != CONTROL_EVENTS)
		return control_request_refuse(req, "%s takes no \"after\"", v->name);
	if (req->force && v->verb != CONTROL_RELOAD && v->verb != CONTROL_DRAIN &&
	    v->verb != CONTROL_HANDOVER)
		return control_request_refuse(req, "%s takes no \"force\"", v->name);
	if (!ipaddr_is_unset(&req->neighbor) && v->verb != CONTROL_CLEAR)
		return control_request_refuse(req, "%s takes no \"neighbor\"", v->name);
	if (v->instance == INSTANCE_REQUIRED && !req->instance[0])
		return control_request_refuse(req, "%s needs an \"instance\"", v->name);
	if (v->instance == INSTANCE_NONE && req->instance[0])
		return control_request_refuse(req, "%s takes no \"instance\"", v->name);
	return 0;
}

/* The JSON object in `line`, or NULL with the request refused. */
static json_object *parse_line(struct control_request *req, const char *line, size_t len)
{
	const char *why;
	json_object *root;

	if (len > CONTROL_REQUEST_MAX) {
		control_request_refuse(req, "the request is too long");
		return NULL;
	}
	root = json_read_object(line, len, REQUEST_DEPTH, &why);
	if (!root)
		control_request_refuse(req, "not one JSON object on one line: %s", why);
	return root;
}

int control_request_parse(const char *line, size_t len, bool read_only, struct control_request *req)
{
	const char *verb = NULL;
	json_object *root;
	int err;

	*req = (struct control_request){0};
	root = parse_line(req, line, len);
	if (!root)
		return -EINVAL;
	err = take_members(req, root, &verb);
	if (err == 0)
		err = take_verb(req, verb, read_only);
	json_object_put(root);
	return err;
}

/* Inserts "ok" after the opening brace of `json`, an object with members. Frees `json`. */
static char *answer_with(char *json)
{
	char *line = NULL;

	if (json && asprintf(&line, "{\"ok\":true,%s\n", json + 1) < 0)
		line = NULL;
	free(json);
	return line;
}

static char *answer_status(struct status *st)
{
	if (st->complete)
		st->complete(st, st->complete_ctx);
	return answer_with(status_to_json(st));
}

/* `root` as one line. Frees `root`. */
static char *line_of(json_object *root)
{
	char *json = json_take_line(root), *line;

	if (!json || asprintf(&line, "%s\n", json) < 0)
		line = NULL;
	free(json);
	return line;
}

/* Adds "taken_over": who took over. */
static void put_taken(json_object *root, const struct control_request *req)
{
	json_object *all = json_put_array(root, "taken_over");

	for (unsigned int i = 0; i < req->n_taken; i++) {
		json_object *one = json_add_object(all);

		json_put_text(one, "instance", req->taken[i].instance);
		json_put_address(one, "by", &req->taken[i].by);
		json_put_thousandths(one, "after_ms", req->taken[i].after_ns / NS_PER_US);
	}
}

/* An answer with "ok" and a text. The text may quote a file, so it is converted to valid UTF-8. */
static char *answer_text(const struct control_request *req, const char *key, const char *text)
{
	json_object *root = json_object_new_object();
	char clean[CONTROL_ERROR_TEXT];
	size_t len = utf8_clean(clean, text, sizeof(clean));

	json_put_value(root, "ok", json_object_new_boolean(!req->refused));
	json_put_value(root, key, json_object_new_string_len(clean, (int)len));
	if (req->n_taken > 0)
		put_taken(root, req);
	return line_of(root);
}

static char *answer_config(const struct control_request *req)
{
	json_object *root = json_object_new_object();
	size_t size = strlen(req->text) + 1;
	char *clean = malloc(size);
	json_object *text = NULL;

	if (clean)
		text = json_object_new_string_len(clean, (int)utf8_clean(clean, req->text, size));
	json_put_value(root, "ok", json_object_new_boolean(true));
	json_put_value(root, "file_differs", json_object_new_boolean(req->file_differs));
	json_put_value(root, "text", text);
	free(clean);
	return line_of(root);
}

char *control_request_answer(const struct control_request *req)
{
	if (req->refused)
		return answer_text(req, "error", req->error);
	if (req->verb == CONTROL_STATUS && req->status)
		return answer_status(req->status);
	if (req->verb == CONTROL_CONFIG && req->text)
		return answer_config(req);
	if (req->note[0])
		return answer_text(req, "note", req->note);
	if (req->verb == CONTROL_EVENTS && req->records)
		return answer_with(records_to_json(req->records, req->after));
	return strdup("{\"ok\":true}\n");
}
