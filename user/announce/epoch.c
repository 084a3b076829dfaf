// SPDX-License-Identifier: BSD-2-Clause
/* Takeover epochs; see epoch.h. The module owns nothing: the caller stores the known epoch. */
#include "announce/epoch.h"

#define EPOCH_START_MS INT64_C(1767225600000) /* 2026-01-01 00:00 UTC */

uint32_t epoch_of_clock(int64_t wall_ms)
{
	int64_t units = (wall_ms - EPOCH_START_MS) / EPOCH_UNIT_MS;

	if (units < 1)
		return 1;
	return units > UINT32_MAX ? UINT32_MAX : (uint32_t)units;
}

uint32_t epoch_next(uint32_t known, int64_t wall_ms)
{
	uint32_t floor = epoch_of_clock(wall_ms);

	if (known < floor)
		return floor;
	return known < UINT32_MAX ? known + 1 : known;
}

uint32_t epoch_learn(uint32_t known, uint32_t heard, int64_t wall_ms)
{
	uint32_t now = epoch_of_clock(wall_ms);
	bool believed = heard <= now || heard - now <= EPOCH_AHEAD_MAX;

	return believed && heard > known ? heard : known;
}

uint32_t epoch_to_med(uint32_t base, uint32_t epoch)
{
	return epoch < base ? base - epoch : 0;
}

uint32_t epoch_of_med(uint32_t base, uint32_t med)
{
	return med < base ? base - med : 0;
}
