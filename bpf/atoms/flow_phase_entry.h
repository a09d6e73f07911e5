/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How far a flow is, as entries have it. */
#ifndef NFUP_FLOW_PHASE_ENTRY_H
#define NFUP_FLOW_PHASE_ENTRY_H

enum flow_phase {
	FLOW_NEW, /* one packet, or nothing but SYNs: such entries give way in a full table */
	FLOW_TCP,
	FLOW_CLOSING, /* a FIN or RST has passed */
	FLOW_OTHER,   /* no TCP */
};

#endif
