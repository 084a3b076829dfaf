// SPDX-License-Identifier: BSD-2-Clause
/* Names of states and causes, for status and logs. */
#include "vrrp/vrrp_step.h"

const char *vrrp_state_name(enum vrrp_state state)
{
	static const char *const names[] = {"INIT", "BACKUP", "MASTER", "FAULT"};

	return (unsigned int)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

const char *vrrp_cause_text(enum vrrp_cause cause)
{
	static const char *const texts[VRRP_CAUSE_MAX] = {
	    [VRRP_CAUSE_START] = "start",
	    [VRRP_CAUSE_MASTER_DOWN] = "master down",
	    [VRRP_CAUSE_MASTER_RESIGNED] = "master resigned",
	    [VRRP_CAUSE_PREEMPT] = "preempting a lower priority",
	    [VRRP_CAUSE_HIGHER_PRIORITY] = "higher priority heard",
	    [VRRP_CAUSE_FENCED] = "late, and replaced meanwhile",
	    [VRRP_CAUSE_FAULT] = "fault",
	    [VRRP_CAUSE_FAULT_CLEARED] = "fault cleared",
	    [VRRP_CAUSE_HANDOVER] = "handed over",
	    [VRRP_CAUSE_STOP] = "stopped",
	    [VRRP_CAUSE_GROUP] = "its sync group has left",
	    [VRRP_CAUSE_DRAIN] = "drained",
	    [VRRP_CAUSE_HOST_SILENT] = "the master's host answers no probes",
	    [VRRP_CAUSE_HOST_CLOSED] = "the master's host says it is out of service",
	    [VRRP_CAUSE_PEER_READY] = "it was degraded, and a peer is ready",
	};

	return (unsigned int)cause < VRRP_CAUSE_MAX ? texts[cause] : "?";
}
