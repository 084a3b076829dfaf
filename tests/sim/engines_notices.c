// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the scripts of an instance or a group are told, in the order that users of keepalived rely
 * on: no state twice in a row, MASTER only after BACKUP, and at last the present state. BACKUP may
 * be told again if before_master was run since: the takeover ended before it was told, and the
 * scripts must undo what before_master has prepared. A runner that takes no message misses all
 * states but the last.
 */
#include <stdio.h>
#include <string.h>

#include "engine/instance/instance.h"
#include "engines.h"

#define GROUP 'g'

int notices_configure(unsigned int router, char *text, size_t size)
{
	char name = router == ROUTERS ? GROUP : (char)('1' + router);

	return snprintf(text, size,
			"notify_master \"/bin/n MASTER_%c\"\nnotify_backup \"/bin/n BACKUP_%c\"\n"
			"notify_fault \"/bin/n FAULT_%c\"\nnotify_stop \"/bin/n STOP_%c\"\n",
			name, name, name, name);
}

static bool follows(const struct notices *n, const char *now)
{
	if (strcmp(n->last, now) == 0)
		return n->prepared && strcmp(now, "BACKUP") == 0;
	return strcmp(now, "MASTER") != 0 || strcmp(n->last, "BACKUP") == 0;
}

/* before_master runs. It names nobody, so it counts for all subjects of the node. */
static void note_prepared(struct node *node)
{
	for (unsigned int i = 0; i <= ROUTERS; i++)
		node->notices[i].prepared = true;
}

/* `word` is for example "MASTER_1". Other commands are not about a state. */
void world_check_notice(struct world *w, struct node *node, const char *word)
{
	const char *end = strrchr(word, '_');
	struct notices *n;
	char state[16];

	if (strcmp(word, "/bin/before") == 0)
		note_prepared(node);
	if (!end || strlen(end) != 2)
		return;
	n = &node->notices[end[1] == GROUP ? ROUTERS : end[1] - '1'];
	snprintf(state, sizeof(state), "%.*s", (int)(end - word), word);
	world_trace(w, (int)world_index(w, node), "tells its scripts: %s", word);
	if (!node->hurried && !follows(n, state))
		world_fail(w, "%s tells its scripts %s after %s", node->name, word,
			   n->last[0] ? n->last : "nothing");
	memcpy(n->last, state, sizeof(n->last));
	n->prepared = false;
}

void world_check_last_notices(struct world *w, struct node *node)
{
	for (unsigned int r = 0; r < w->n_routers; r++) {
		const struct instance *in = world_instance(node, r);
		const char *state = vrrp_state_name(in->fsm.state);

		if (strcmp(node->notices[r].last, state) != 0)
			world_fail(w, "after a calm %s is %s of %u, and its scripts believe %s",
				   node->name, state, r + 1, node->notices[r].last);
		else if (w->grouped && strcmp(node->notices[ROUTERS].last, state) != 0)
			world_fail(w,
				   "after a calm %s is %s, and the scripts of its group "
				   "believe %s",
				   node->name, state, node->notices[ROUTERS].last);
	}
}
