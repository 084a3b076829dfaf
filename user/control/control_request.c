// SPDX-License-Identifier: BSD-2-Clause
/*
 * Requests as JSON. Whoever may open a socket may send anything: the tokener is strict and its
 * depth limited, every member's type is checked, and what is not understood is refused with a word
 * on what would be. The verbs stand in one table. Called by the control thread and the fuzzer.
 */
#include "control/control_request.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/record_json.h"
#include "control/utf8.h"
#include "core/addr.h"

#define REQUEST_DEPTH 4	 /* a request is one flat object; deeper ones are refused by the tokener */
#define ECHO_MAX      40 /* so much of an unknown word is repeated in the error */

enum instance_use { INSTANCE_NONE, INSTANCE_OPTIONAL, INSTANCE_REQUIRED };

static const struct verb {
	const char *name;
	enum control_verb verb;
	bool question;
	enum instance_use instance;
} verbs[] = {
    {"status", CONTROL_STATUS, true, INSTANCE_NONE},
    {"handover", CONTROL_HANDOVER, false, INSTANCE_REQUIRED},
    {"reload", CONTROL_RELOAD, false, INSTANCE_NONE},
    {"events", CONTROL_EVENTS, true, INSTANCE_NONE},
    {"drain", CONTROL_DRAIN, false, INSTANCE_OPTIONAL},
    {"undrain", CONTROL_UNDRAIN, false, INSTANCE_OPTIONAL},
    {"clear", CONTROL_CLEAR, false, INSTANCE_NONE},
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

/* A member that must be text without NUL octets; NULL, and refused, if it is not. */
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

/* "after": a record's number, as an earlier answer gave it. */
static int take_after(struct control_request *req, json_object *value)
{
	int64_t number = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || number < 0)
		return control_request_refuse(req, "\"after\" must be a number of an event");
	req->after = (uint64_t)number;
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

		if (strcmp(key, "after") == 0) {
			if (take_after(req, value) < 0)
				return -EINVAL;
			continue;
		}
		if (!is_command && !is_neighbor && strcmp(key, "instance") != 0)
			return control_request_refuse(
			    req,
			    "unknown member \"%.*s\"; known are command, instance, neighbor and "
			    "after",
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
	if (req->after && v->verb != CONTROL_EVENTS)
		return control_request_refuse(req, "%s takes no \"after\"", v->name);
	if (!ipaddr_is_unset(&req->neighbor) && v->verb != CONTROL_CLEAR)
		return control_request_refuse(req, "%s takes no \"neighbor\"", v->name);
	if (v->instance == INSTANCE_REQUIRED && !req->instance[0])
		return control_request_refuse(req, "%s needs an \"instance\"", v->name);
	if (v->instance == INSTANCE_NONE && req->instance[0])
		return control_request_refuse(req, "%s takes no \"instance\"", v->name);
	return 0;
}

static const char *parse_error_text(enum json_tokener_error error)
{
	if (error == json_tokener_success)
		return "it is another value";
	return error == json_tokener_continue ? "it ends too early"
					      : json_tokener_error_desc(error);
}

/* The JSON object that `line` is, or NULL with the request refused. */
static json_object *parse_line(struct control_request *req, const char *line, size_t len)
{
	json_tokener *tok = json_tokener_new_ex(REQUEST_DEPTH);
	json_object *root = NULL;

	if (!tok || len > CONTROL_REQUEST_MAX) {
		control_request_refuse(req, tok ? "the request is too long" : "out of memory");
		goto out;
	}
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, line, (int)len);
	if (json_object_is_type(root, json_type_object))
		goto out;
	control_request_refuse(req, "not one JSON object on one line: %s",
			       parse_error_text(json_tokener_get_error(tok)));
	json_object_put(root);
	root = NULL;
out:
	if (tok)
		json_tokener_free(tok);
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

/* `json` (freed) is an object with members: "ok" goes in behind its brace. */
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

/* "ok" and a text of ours, which may hold words of a file: made UTF-8. */
static char *answer_text(bool ok, const char *key, const char *text)
{
	json_object *root = json_object_new_object();
	char clean[CONTROL_ERROR_TEXT], *line = NULL;
	size_t len = utf8_clean(clean, text, sizeof(clean));

	if (!root)
		return NULL;
	json_object_object_add(root, "ok", json_object_new_boolean(ok));
	json_object_object_add(root, key, json_object_new_string_len(clean, (int)len));
	if (asprintf(&line, "%s\n",
		     json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
							      JSON_C_TO_STRING_NOSLASHESCAPE)) < 0)
		line = NULL;
	json_object_put(root);
	return line;
}

char *control_request_answer(const struct control_request *req)
{
	if (req->refused)
		return answer_text(false, "error", req->error);
	if (req->verb == CONTROL_STATUS && req->status)
		return answer_status(req->status);
	if (req->note[0])
		return answer_text(true, "note", req->note);
	if (req->verb == CONTROL_EVENTS && req->records)
		return answer_with(records_to_json(req->records, req->after));
	return strdup("{\"ok\":true}\n");
}
