// SPDX-License-Identifier: BSD-2-Clause
/*
 * The configuration parser on any text: it must not crash, hang or leak, and what it prints
 * must read back to the same print.
 *
 * Links: user/config/config.c user/config/parser.c user/config/set.c user/config/keywords.c
 * Links: user/config/text.c user/config/defs.c user/config/words.c user/config/value.c user/config/dump.c
 * Links: user/config/complete.c user/config/complete_bgp.c user/config/complete_group.c
 * Links: user/config/complete_warn.c user/config/block_global.c user/config/block_instance.c
 * Links: user/config/block_link.c user/config/block_lists.c user/config/block_script.c
 * Links: user/config/block_group.c user/config/block_bgp.c user/config/platform.c
 * Links: user/config/block_announce.c user/config/block_check.c user/config/block_track.c user/core/addr.c
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
