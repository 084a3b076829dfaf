// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any text as the configuration of a program that announces by health. The first octet selects the
 * program. The printed blocks contain only what was found in the text.
 *
 * Links: user/cli/migrate_words.c user/cli/migrate_found.c user/cli/migrate_print.c
 * Links: user/cli/migrate_options.c user/cli/migrate_healthcheck.c user/cli/migrate_exabgp.c
 * Links: user/cli/migrate_ini.c
 * Links: user/config/config.c user/config/parser.c user/config/set.c user/config/keywords.c
 * Links: user/config/text.c user/config/defs.c user/config/words.c user/config/value.c
 * Links: user/config/dump.c
 * Links: user/config/complete.c user/config/complete_bgp.c user/config/complete_group.c
 * Links: user/config/complete_datapath.c
 * Links: user/config/complete_warn.c user/config/block_global.c
 * Links: user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_script.c
 * Links: user/config/block_group.c user/config/block_bgp.c user/config/platform.c
 * Links: user/config/block_announce.c user/config/block_check.c user/config/block_track.c
 * Links: user/config/block_takeover.c user/config/neighbor_name.c
 * Links: user/core/addr.c user/core/prefix_index.c
 * Links: user/config/generator.c user/config/block_auth.c user/config/block_sbfd.c
 * Links: user/config/block_uplinks.c
 * Links: user/core/secret.c
 * Links: user/config/block_bfd.c user/config/block_traffic.c
 * Links: user/config/block_attributes.c user/config/block_service.c
 * Links: user/config/complete_service.c
 * Links: user/config/block_routes.c user/config/block_rule.c user/config/block_static.c
 * Links: user/config/block_vmac.c
 * Links: user/core/net_route.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/migrate_readers.h"
#include "cli/migrate_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A value may be wrong, the syntax never. */
static void on_complaint(void *ctx, const char *line)
{
	(void)ctx;
	if (strstr(line, ": unknown keyword '") || strstr(line, ": unmatched quote"))
		abort();
}

static void read_line(struct mig *m, const char *text)
{
	struct mig_words *w = malloc(sizeof(*w));

	if (w && mig_split(text, w))
		healthcheck_add(m, "line", NULL, w->n, w->word);
	free(w);
}

static void read_text(struct mig *m, uint8_t kind, char *text)
{
	if (kind % 4 == 0)
		ini_add(m, 1, &text);
	else if (kind % 4 == 1)
		exabgp_add(m, text);
	else if (kind % 4 == 2)
		healthcheck_add(m, "file", text, 0, NULL);
	else
		read_line(m, text);
}

static void judge(const struct mig *m)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct config *cfg = NULL;

	if (!f)
		abort();
	mig_print_blocks(m, f, true);
	fclose(f);
	config_parse_text("blocks", text, len, "a", on_complaint, NULL, &cfg);
	if (cfg && (cfg->n_services > m->n_services || cfg->n_scripts > m->n_checks ||
		    cfg->n_bgp > 1 || cfg->n_instances > 0 || cfg->n_files > m->n_services))
		abort();
	config_free(cfg);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mig m;
	char *text;

	if (size < 1 || memchr(data, '\0', size))
		return 0;
	text = strndup((const char *)data + 1, size - 1);
	if (!text || !mig_init(&m, "any"))
		abort();
	exabgp_is_file(text);
	ini_is_file(text);
	healthcheck_is_file(text);
	read_text(&m, data[0], text);
	judge(&m);
	mig_free(&m);
	free(text);
	return 0;
}
