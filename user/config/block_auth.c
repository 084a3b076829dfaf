// SPDX-License-Identifier: BSD-2-Clause
/*
 * auth_hmac of an instance: keys, and how trailers are signed and verified. A key is converted to
 * its hash states as soon as it has been read, in memory that is not in core files, and its source
 * is overwritten. No message repeats a word of a `key` line, because it may be a misplaced key.
 *
 * An instance whose block has an error is left out (guard_instance). Rejected: to continue without
 * authentication, as keepalived does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/parser.h"
#include "config/value.h"
#include "core/mono.h"
#include "core/secret.h"

#define KEY_HEX	   "hex:"
#define KEY_FILE   "file:"
#define KEY_HIDDEN "hidden" /* what a dump prints for a key in the configuration */

/* Octets read from a key file: the longest key in hexadecimal, "hex:", a line end, and one more. */
#define KEY_FILE_MAX (sizeof(KEY_HEX) + 2 * VRRP_AUTH_KEY_MAX_LEN + 2)

static const char *const mode_names[] = {
    [CFG_AUTH_ENFORCE] = "enforce",
    [CFG_AUTH_PERMISSIVE] = "permissive",
    [CFG_AUTH_RECEIVE_ONLY] = "receive-only",
};

const char *auth_mode_name(enum cfg_auth_mode mode)
{
	return mode_names[mode];
}

/* --- from octets to keys --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads pairs of hexadecimal digits, with or without ':' between them. Returns the number of
 * octets, or -1. */
static int read_hex(const char *text, size_t len, uint8_t *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i += 2) {
		int high, low;

		if (i > 0 && text[i] == ':')
			i++;
		high = i < len ? hex_digit(text[i]) : -1;
		low = i + 1 < len ? hex_digit(text[i + 1]) : -1;
		if (high < 0 || low < 0 || n == max)
			return -1;
		out[n++] = (uint8_t)(high << 4 | low);
	}
	return (int)n;
}

/* Converts `text`, which is hex:DIGITS or the key itself, to `key`. Returns NULL, or an error text.
 */
static const char *make_key(const char *text, size_t len, struct hmac_key *key)
{
	uint8_t material[VRRP_AUTH_KEY_MAX_LEN];
	size_t prefix = sizeof(KEY_HEX) - 1;
	int n;

	if (len >= prefix && memcmp(text, KEY_HEX, prefix) == 0) {
		n = read_hex(text + prefix, len - prefix, material, sizeof(material));
		if (n < 0)
			return "not 32 to 64 octets of two hexadecimal digits each";
	} else {
		n = len <= sizeof(material) ? (int)len : -1;
		if (n > 0)
			memcpy(material, text, (size_t)n);
	}
	if (n >= VRRP_AUTH_KEY_MIN_LEN)
		hmac_key_init(key, material, (uint64_t)n);
	secret_wipe(material, sizeof(material));
	return n >= VRRP_AUTH_KEY_MIN_LEN ? NULL : "not 32 to 64 octets long";
}

/* --- key files --- */

static void warn_of_mode(struct parser *p, int fd, const char *what, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_mode & (S_IRWXG | S_IRWXO))
		parser_warn(p,
			    "%s '%s' is open to its group or others, and a key is in it; chmod "
			    "600 it",
			    what, path);
}

/* Warns if others can read the configuration file with the key. */
static void warn_of_own_mode(struct parser *p)
{
	int fd = p->reads_files ? open(p->stmt.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;

	if (fd < 0)
		return;
	warn_of_mode(p, fd, "the configuration", p->stmt.file);
	close(fd);
}

static void read_key_file(struct parser *p, uint8_t id, const char *path, struct hmac_key *key)
{
	char text[KEY_FILE_MAX], why[TEXT_WHY] = "no file is read here";
	off_t size;
	int fd = p->reads_files ? parser_open_file(path, &size, why) : -1;
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));
	const char *wrong;

	if (fd >= 0 && len < 0)
		snprintf(why, sizeof(why), "'%s' cannot be read: %s", path, strerror(errno));
	if (len < 0) {
		parser_error(p,
			     "key %d: %s; write a file of 32 to 64 octets, or of 'hex:' and their "
			     "digits",
			     id, why);
	} else {
		warn_of_mode(p, fd, "the file", path);
		while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
			len--;
		wrong = make_key(text, (size_t)len, key);
		if (wrong)
			parser_error(
			    p, "key %d: the file '%s' is %s; write 'hex:' and 64 digits into it",
			    id, path, wrong);
	}
	if (fd >= 0)
		close(fd);
	secret_wipe(text, sizeof(text));
}

/* --- the keywords --- */

void *auth_open(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_instance *i = target;

	(void)kw;
	parser_no_more(p, 1);
	if (!i->auth) {
		i->auth = calloc(1, sizeof(*i->auth)); /* owner: the instance */
		if (i->auth)
			i->auth->secret = secret_alloc(HF_MAX_KEYS * sizeof(*i->auth->secret));
		if (!i->auth || !i->auth->secret) {
			p->failed = true;
			return NULL;
		}
		i->auth->line = p->stmt.line;
	}
	return i->auth;
}

void config_auth_free(struct cfg_auth *auth)
{
	if (!auth)
		return;
	for (unsigned int n = 0; n < auth->n_keys; n++)
		free(auth->keys[n].file);
	secret_free(auth->secret, HF_MAX_KEYS * sizeof(*auth->secret));
	free(auth);
}

/* The id of a `key` line; 0 after an error: it is invalid or used already. */
static uint8_t read_id(struct parser *p, struct cfg_auth *auth)
{
	int64_t id = 0;

	if (p->stmt.n != 3 || value_int(p->stmt.word[1], 1, UINT8_MAX, &id) < 0) {
		parser_error(p,
			     "a key is: key ID hex:DIGITS, key ID file:PATH, or key ID and text in "
			     "double quotes; the ID is 1 to 255");
		return 0;
	}
	for (unsigned int n = 0; n < auth->n_keys; n++) {
		if (auth->keys[n].id != id)
			continue;
		parser_error(p, "key %d is given already; give this one another id", (int)id);
		return 0;
	}
	return (uint8_t)id;
}

static void set_key(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_auth *auth = target;
	uint8_t id = read_id(p, auth);
	const char *word = id ? p->stmt.word[2] : NULL, *wrong = NULL;
	struct cfg_auth_key *key = &auth->keys[auth->n_keys];

	(void)kw;
	if (!word)
		return;
	if (auth->n_keys == HF_MAX_KEYS) {
		parser_error(
		    p, "key %d is more than the %d that an instance can have; remove old ones", id,
		    HF_MAX_KEYS);
		return;
	}
	key->id = id;
	auth->n_keys++;
	if (strncmp(word, KEY_FILE, sizeof(KEY_FILE) - 1) == 0) {
		parser_string(p, &key->file, word + sizeof(KEY_FILE) - 1);
		if (key->file)
			read_key_file(p, id, key->file, &auth->secret[key - auth->keys]);
		return;
	}
	key->hidden = strcmp(word, KEY_HIDDEN) == 0;
	if (!key->hidden)
		wrong = make_key(word, strlen(word), &auth->secret[key - auth->keys]);
	secret_wipe(p->stmt.word[2], strlen(p->stmt.word[2]));
	if (key->hidden)
		parser_warn(p,
			    "key %d is hidden, as a dump has it, and with it the instance stays in "
			    "FAULT; write the key",
			    id);
	else if (!wrong)
		warn_of_own_mode(p);
	else
		parser_error(p,
			     "key %d is %s; write 'hex:' and 64 digits, of: openssl rand -hex 32",
			     id, wrong);
}

static void print_keys(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_auth *auth = target;
	char text[WORDS_LINE_MAX + sizeof(KEY_FILE)];

	for (unsigned int n = 0; n < auth->n_keys; n++) {
		dump_begin(d);
		fprintf(d->f, "%s %d ", kw->name, auth->keys[n].id);
		if (auth->keys[n].file) {
			snprintf(text, sizeof(text), KEY_FILE "%s", auth->keys[n].file);
			dump_quoted(d, text);
		} else {
			fputs(KEY_HIDDEN, d->f);
		}
		dump_end(d);
	}
}

/* The index of the statement's value in the `n` words; -1 after an error. */
static int read_choice(struct parser *p, const char *const words[], int n)
{
	const char *word = p->stmt.n > 1 ? p->stmt.word[1] : "";

	parser_no_more(p, 2);
	for (int i = 0; i < n; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	parser_error(p, "'%s' cannot be '%s'; write %s%s%s or %s", p->stmt.word[0], word,
		     n > 2 ? words[0] : "", n > 2 ? ", " : "", words[n - 2], words[n - 1]);
	return -1;
}

static const char *const replay_names[] = {"time", "monotonic"};

static void set_anti_replay(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_auth *auth = target;

	(void)kw;
	auth->monotonic = read_choice(p, replay_names, 2) == 1;
}

static void print_anti_replay(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %s", kw->name, replay_names[((const struct cfg_auth *)target)->monotonic]);
}

static void set_mode(struct parser *p, const struct keyword *kw, void *target)
{
	struct cfg_auth *auth = target;
	int mode = read_choice(p, mode_names, 3);

	(void)kw;
	if (mode >= 0)
		auth->mode = (enum cfg_auth_mode)mode;
}

static void print_mode(struct dump *d, const struct keyword *kw, const void *target)
{
	dump_line(d, "%s %s", kw->name, auth_mode_name(((const struct cfg_auth *)target)->mode));
}

static void print_window(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_auth *auth = target;

	if (!auth->monotonic)
		dump_line(d, "%s %u", kw->name, auth->window_s);
}

void print_auth(struct dump *d, const struct keyword *kw, const void *target)
{
	const struct cfg_instance *i = target;

	if (!i->auth)
		return;
	dump_open(d, "%s", kw->name);
	dump_block(d, kw->block, i->auth, NULL);
	dump_close(d);
}

#define IN(field) offsetof(struct cfg_auth, field)

static const struct keyword auth[] = {
    {"key", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "ID {hex:DIGITS|TEXT|file:PATH}",
     .help = "a key of 32 to 64 octets; ID is 1 to 255; at most 8 keys", .set = set_key,
     .print = print_keys},
    {"active_key", KW_U8, KW_ACTS, IN(active_key), 1, 255,
     .help = "the ID of the key that signs adverts; required"},
    {"anti_replay", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{time|monotonic}",
     .fallback = "time",
     .help = "time: the clock of a sender must be within time_window of ours; monotonic: clocks "
	     "are not compared, but numbers must grow",
     .set = set_anti_replay, .print = print_anti_replay},
    {"time_window", KW_U32, KW_ACTS, IN(window_s), VRRP_AUTH_WINDOW_MIN_S, VRRP_AUTH_WINDOW_MAX_S,
     .fallback = "3 times advert_int, at least 5",
     .help = "seconds by which the clocks of two nodes may differ", .print = print_window},
    {"mode", KW_CUSTOM, KW_ACTS, KW_NOWHERE, .argument = "{enforce|permissive|receive-only}",
     .fallback = "enforce",
     .help = "enforce: received adverts must be signed; permissive: unsigned ones are accepted, "
	     "too; receive-only: the same, and this node does not sign",
     .set = set_mode, .print = print_mode},
};

const struct keyword_block block_auth = {"auth_hmac", auth, KW_COUNT(auth), NULL};

/* --- completing, after the whole file has been read --- */

static bool has_key(const struct cfg_auth *a, uint8_t id)
{
	for (unsigned int n = 0; n < a->n_keys; n++) {
		if (a->keys[n].id == id)
			return true;
	}
	return false;
}

static void complete_window(struct cfg_auth *a, int64_t interval_ns)
{
	int64_t window_s = 3 * interval_ns / NS_PER_S;

	if (a->window_s != 0)
		return;
	if (window_s < VRRP_AUTH_WINDOW_FLOOR_S)
		window_s = VRRP_AUTH_WINDOW_FLOOR_S;
	a->window_s =
	    window_s < VRRP_AUTH_WINDOW_MAX_S ? (uint32_t)window_s : VRRP_AUTH_WINDOW_MAX_S;
}

bool complete_auth_hmac(struct parser *p, struct cfg_instance *i, const struct draft *d)
{
	struct cfg_auth *a = i->auth;

	if (!a)
		return true;
	if (d->given_auth || d->given_pass)
		parser_error_at(p, d->file, i->line,
				"%s: authentication beside auth_hmac is ignored; remove it",
				i->name);
	if (!has_key(a, a->active_key)) {
		parser_error_at(p, d->file, a->line,
				"%s is left out: auth_hmac has no key %d to sign with; add: "
				"active_key ID, and: key ID file:PATH",
				i->name, a->active_key);
		return false;
	}
	complete_window(a, i->interval_ns);
	if (a->mode != CFG_AUTH_ENFORCE)
		parser_warn_at(p, d->file, a->line,
			       "%s: mode %s takes adverts without a trailer, so forged ones too; "
			       "when every node signs, write mode enforce",
			       i->name, auth_mode_name(a->mode));
	if (a->mode == CFG_AUTH_PERMISSIVE)
		parser_warn_at(
		    p, d->file, a->line,
		    "%s: adverts are signed from now on, and a peer without auth_hmac or "
		    "with keepalived before 2.4.2 refuses those; write mode receive-only "
		    "until there is none",
		    i->name);
	return true;
}

bool config_auth_keys_differ(const struct cfg_instance *x, const struct cfg_instance *y)
{
	if (!x->auth || !y->auth)
		return x->auth != y->auth;
	return x->auth->n_keys != y->auth->n_keys ||
	       memcmp(x->auth->secret, y->auth->secret, HF_MAX_KEYS * sizeof(*x->auth->secret)) !=
		   0;
}
