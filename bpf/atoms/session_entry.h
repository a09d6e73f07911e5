/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state SESSION holds: with whom outside an outside endpoint of the NAT
 * has exchanged packets, and for TCP how far the connection is. */
#ifndef NFUP_SESSION_ENTRY_H
#define NFUP_SESSION_ENTRY_H

#include "endpoint.h"

/* `peer_port` 0: any port of that address (and ICMP, which has none). */
struct session_key {
	struct endpoint outside;
	nfup_addr4 peer;
	__be16 peer_port;
	__u16 zero;
};
NFUP_ASSERT(sizeof(struct session_key) == 16, "no padding in a map key");

/* bits of session_entry.tcp, set and cleared atomically: the two directions run
 * on CPUs of their own */
#define SESSION_ANSWERED 0x01 /* the peer has sent something */
#define SESSION_OPEN 0x02     /* and was answered: counted in pool_entry.open */
#define SESSION_FIN_OUT 0x04
#define SESSION_FIN_IN 0x08
#define SESSION_RESET 0x10 /* a RST has passed; more data shows that it was forged */

struct session_entry {
	nfup_time last_seen; /* last packet from inside */
	__u32 idle;          /* as in its lease */
	__u32 idle_open;
	__u32 tcp;            /* SESSION_* */
	nfup_jiffies checked; /* when last_seen was written */
};
NFUP_ASSERT(sizeof(struct session_entry) == 24, "no padding in a map value");

#endif
