// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any text as a configuration: the parser must not crash, hang or leak. The printed configuration
 * must be read again and printed in the same way.
 *
 * Links: user/config/config.c user/config/parser.c user/config/set.c user/config/keywords.c
 * Links: user/config/text.c user/config/defs.c user/config/words.c user/config/value.c
 * Links: user/config/dump.c
 * Links: user/config/complete.c user/config/complete_bgp.c user/config/neighbor_name.c
 * Links: user/config/complete_group.c
 * Links: user/config/complete_warn.c user/config/block_global.c
 * Links: user/config/complete_datapath.c
 * Links: user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_script.c
 * Links: user/config/block_group.c user/config/block_bgp.c user/config/platform.c
 * Links: user/config/block_announce.c user/config/block_check.c user/config/block_track.c
 * Links: user/config/block_takeover.c
 * Links: user/core/addr.c
 * Links: user/config/generator.c user/config/block_auth.c user/config/block_sbfd.c
 * Links: user/config/block_uplinks.c
 * Links: user/core/secret.c
 * Links: user/config/block_bfd.c user/config/block_traffic.c
 * Links: user/config/block_attributes.c user/core/prefix_index.c user/config/block_service.c
 * Links: user/config/complete_service.c
 * Links: user/config/block_routes.c user/config/block_rule.c user/config/block_static.c
 * Links: user/config/block_vmac.c
 * Links: user/core/net_route.c
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *ctx, const char *line)
{
	(void)ctx;
	if (!line[0])
		abort();
}

static char *dump(const struct config *cfg, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f || config_dump(cfg, f) < 0)
		abort();
	fclose(f);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *cfg, *again;
	char *once, *twice;
	size_t len, len_again;

	config_parse_text("f", (const char *)data, size, "a", ignore, NULL, &cfg);
	if (!cfg)
		return 0;
	once = dump(cfg, &len);
	config_parse_text("f", once, len, "a", ignore, NULL, &again);
	if (!again)
		abort();
	twice = dump(again, &len_again);
	if (len != len_again || memcmp(once, twice, len) != 0)
		abort();
	free(once);
	free(twice);
	config_free(cfg);
	config_free(again);
	return 0;
}
