// SPDX-License-Identifier: BSD-2-Clause
/*
 * `migrate` for programs that announce by health. The output is a configuration whose comments are
 * the remarks, so it can be stored as a file. Before it is printed, the daemon's own parser reads
 * it, with example values in the places that the user must fill in. The parser's complaints become
 * remarks, too.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/migrate.h"
#include "cli/migrate_readers.h"
#include "cli/migrate_words.h"

#define MAX_FILES 64

/* --- the parser's complaints --- */

static void on_complaint(void *ctx, const char *line)
{
	mig_left_out(ctx, "%s", line);
}

/* The text of the blocks from malloc(); NULL: no memory. */
static char *blocks_text(const struct mig *m, bool filled, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	mig_print_blocks(m, f, filled);
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

static enum config_verdict judge(struct mig *m)
{
	enum config_verdict verdict = CONFIG_UNUSABLE;
	struct config *cfg = NULL;
	size_t len;
	char *text = blocks_text(m, true, &len);

	if (text)
		verdict = config_parse_text("blocks", text, len, NULL, on_complaint, m, &cfg);
	else
		m->failed = true;
	config_free(cfg);
	free(text);
	return verdict;
}

/* --- printing --- */

static void print_list(json_object *list, const char *title)
{
	size_t n = json_object_array_length(list);
	char text[600];

	if (n > 0)
		mig_comment(stdout, title);
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "- %s",
			 json_object_get_string(json_object_array_get_idx(list, i)));
		mig_comment(stdout, text);
	}
	if (n > 0)
		puts("#");
}

static void print_text(const struct mig *m, const char *blocks)
{
	printf("# The configuration for %s. Fill in the words in capitals.\n#\n", m->tool);
	print_list(m->left_out, "Not taken over, or to be corrected:");
	print_list(m->notes, "Otherwise than before:");
	puts("# Then: holdfastd -t -f FILE");
	fputs(blocks, stdout);
}

static void print_json(const struct mig *m, const char *blocks, int verdict)
{
	json_object *root = json_object_new_object();

	json_object_object_add(root, "tool", json_object_new_string(m->tool));
	json_object_object_add(root, "verdict", json_object_new_int(verdict));
	json_object_object_add(root, "complaints", json_object_get(m->left_out));
	json_object_object_add(root, "notes", json_object_get(m->notes));
	json_object_object_add(root, "add", json_object_new_string(blocks));
	json_object_object_add(root, "needs_bgp", json_object_new_boolean(true));
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
						      JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
}

static void complain_of(const struct mig *m)
{
	for (size_t i = 0; i < json_object_array_length(m->left_out); i++)
		client_complain("%s",
				json_object_get_string(json_object_array_get_idx(m->left_out, i)));
	client_complain(m->failed ? "out of memory" : "nothing of %s can be used", m->tool);
}

static enum cli_exit show(struct mig *m, bool json)
{
	enum config_verdict verdict = m->n_services > 0 ? judge(m) : CONFIG_UNUSABLE;
	size_t len;
	char *blocks = m->failed ? NULL : blocks_text(m, false, &len);
	bool useful = blocks && verdict != CONFIG_UNUSABLE;

	if (!useful)
		complain_of(m);
	else if (json)
		print_json(m, blocks, (int)verdict);
	else
		print_text(m, blocks);
	free(blocks);
	return useful ? CLI_DONE : CLI_REFUSED;
}

/* --- recognising the program --- */

static bool is_ours(const char *text)
{
	return ini_is_file(text) || healthcheck_is_file(text) || exabgp_is_file(text);
}

/* Fills `m` from the texts. A single text may belong to any of the three programs. */
static void read_texts(struct mig *m, unsigned int n, char *const texts[])
{
	if (ini_is_file(texts[0])) {
		m->tool = "anycast-healthchecker";
		m->script_user = NULL;
		ini_add(m, n, texts);
	} else if (n > 1) {
		mig_left_out(m, "only anycast-healthchecker has several files");
	} else if (healthcheck_is_file(texts[0])) {
		healthcheck_add(m, "service", texts[0], 0, NULL);
	} else {
		m->tool = "exabgp.conf";
		exabgp_add(m, texts[0]);
	}
}

static bool migrate_files(struct mig *m, unsigned int n, char *const paths[])
{
	char *texts[MAX_FILES] = {NULL};
	bool ours = false;
	size_t len;

	for (unsigned int i = 0; i < n && i < MAX_FILES; i++) {
		texts[i] = mig_read_file(paths[i], &len);
		if (!texts[i])
			mig_left_out(m, "%s: %s", paths[i], strerror(errno));
	}
	if (n > MAX_FILES)
		mig_left_out(m, "more than %d files", MAX_FILES);
	if (json_object_array_length(m->left_out) == 0 && (n > 1 || is_ours(texts[0]))) {
		ours = true;
		read_texts(m, n, texts);
	}
	for (unsigned int i = 0; i < n && i < MAX_FILES; i++)
		free(texts[i]);
	return ours || n > 1;
}

bool migrate_announcer(unsigned int n, char *const words[], bool json, enum cli_exit *status)
{
	unsigned int at = n > 1 ? healthcheck_word(n, words) : n;
	struct mig m;
	bool ours = true;

	*status = CLI_REFUSED;
	if (!mig_init(&m, "exabgp's healthcheck")) {
		client_complain("out of memory");
		return true;
	}
	m.script_user = "exabgp"; /* the user of Debian's unit, which runs the healthcheck */
	if (at < n)
		healthcheck_add(&m, "service", NULL, n - at - 1, words + at + 1);
	else
		ours = migrate_files(&m, n, words);
	if (ours)
		*status = show(&m, json);
	mig_free(&m);
	return ours;
}
