// SPDX-License-Identifier: BSD-2-Clause
/*
 * Splits the texts for `migrate`. The files are untrusted: every loop ends with its text, and words
 * that do not fit set `cut`. Rejected: the daemon's words.c, because its rules are keepalived's.
 */
#include "cli/migrate_words.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads up to `size` octets. Negative: errno says why. */
static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, text + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

/* The text of the open file, or NULL. */
static char *read_open(int fd, size_t *len)
{
	struct stat st;
	char *text;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return NULL;
	if (!S_ISREG(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
		return NULL;
	}
	text = malloc(MIG_MAX_FILE + 2);
	if (!text)
		return NULL;
	n = read_all(fd, text, MIG_MAX_FILE + 1);
	if (n >= 0 && n <= MIG_MAX_FILE && !memchr(text, '\0', (size_t)n)) {
		text[n] = '\0';
		*len = (size_t)n;
		return text;
	}
	if (n >= 0)
		errno = n > MIG_MAX_FILE ? EFBIG : EINVAL;
	free(text);
	return NULL;
}

char *mig_read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), kept;
	char *text = fd >= 0 ? read_open(fd, len) : NULL;

	kept = errno;
	if (fd >= 0)
		close(fd);
	errno = kept;
	return text;
}

/* --- words --- */

static void put(struct mig_words *w, char c)
{
	if (w->used < sizeof(w->buf) - 1)
		w->buf[w->used++] = c;
	else
		w->cut = true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Copies the quoted text at *at without its quotes; false: the quote is not closed. */
static bool put_quoted(const char **at, struct mig_words *out)
{
	char quote = *(*at)++;

	while (**at && **at != quote) {
		if (quote == '"' && (*at)[0] == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\'))
			(*at)++;
		put(out, *(*at)++);
	}
	if (!**at)
		return false;
	(*at)++;
	return true;
}

/* Takes the word at *at, up to a blank or one of `stops`; false: a quote is not closed. */
static bool put_word(const char **at, const char *stops, struct mig_words *out)
{
	bool closed = true, kept = out->n < MIG_MAX_WORDS;
	size_t start = out->used;

	if (kept)
		out->word[out->n++] = out->buf + start;
	else
		out->cut = true;
	while (closed && **at && !is_blank(**at) && !strchr(stops, **at)) {
		if (**at == '"' || **at == '\'') {
			closed = put_quoted(at, out);
			continue;
		}
		if ((*at)[0] == '\\' && (*at)[1])
			(*at)++;
		put(out, *(*at)++);
	}
	out->buf[out->used] = '\0';
	if (!kept)
		out->used = start;
	else if (out->used < sizeof(out->buf) - 1)
		out->used++;
	else
		out->cut = true;
	return closed;
}

static void start(struct mig_words *out)
{
	out->n = 0;
	out->used = 0;
	out->cut = false;
}

bool mig_split(const char *text, struct mig_words *out)
{
	start(out);
	while (*text) {
		if (is_blank(*text))
			text++;
		else if (!put_word(&text, "", out))
			return false;
	}
	return !out->cut;
}

char mig_statement(const char **at, struct mig_words *out)
{
	start(out);
	while (**at) {
		char c = **at;

		if (c == '#') {
			*at += strcspn(*at, "\n");
		} else if (is_blank(c) || strchr("[](),", c)) {
			(*at)++;
		} else if (strchr(";{}", c)) {
			(*at)++;
			return c;
		} else {
			put_word(at, ";{}[](),#", out);
		}
	}
	return '\0';
}
