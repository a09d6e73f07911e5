/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the state CONN holds: a connection, or what passes for one, with both its
 * directions. */
#ifndef NFUP_CONN_ENTRY_H
#define NFUP_CONN_ENTRY_H

#include "../contract.h"

/* Of TCP, as seen half-way between the two (RFC 9293 section 3.3.2 has the ends' own);
 * other protocols stay in CONN_NONE. The order is that of the table in conn_tcp.h. */
enum conn_state {
	CONN_NONE,
	CONN_SYN_SENT,
	CONN_SYN_RECV,
	CONN_ESTABLISHED,
	CONN_FIN_WAIT,	 /* one side has sent a FIN, */
	CONN_CLOSE_WAIT, /* and it was acknowledged */
	CONN_LAST_ACK,	 /* both have */
	CONN_TIME_WAIT,
	CONN_CLOSE,	/* by a RST */
	CONN_SYN_SENT2, /* a SYN from either side: simultaneous open */
	CONN_STATES,
};

/* bits of conn_entry.flags, set atomically */
#define CONN_REPLIED 0x01 /* the one who was called has sent something */
#define CONN_ASSURED 0x02 /* handshake complete, or two-way traffic for a while: gives way to none */

/* bits of conn_side.flags and conn_last.flags */
#define SIDE_SACK 0x01		/* offered SACK (RFC 2018) */
#define SIDE_SCALE 0x02		/* offered window scaling (RFC 7323) */
#define SIDE_ACKED 0x04		/* max_ack is set */
#define SIDE_UNACKED 0x08	/* has sent what nobody has acknowledged yet */
#define SIDE_CLOSED_FIRST 0x10	/* sent the first FIN */
#define LAST_SIMULTANEOUS 0x20	/* both sent a SYN */
#define LAST_MAY_CHALLENGE 0x40 /* the next ACK may be a challenge (RFC 5961 section 4) */

/* What one side has sent, and may send. Sequence numbers. */
struct conn_side {
	__u32 end;	  /* highest one sent, and 1 */
	__u32 max_end;	  /* up to where the other side's window lets it send */
	__u32 max_window; /* widest window it has offered, scaled; 0: it has sent nothing yet */
	__u32 max_ack;	  /* highest one it has acknowledged */
	__u8 scale;
	__u8 flags;
	__u16 zero;
};

/* The last segment that counted, or that was let through although it did not fit. */
struct conn_last {
	__u32 seq;
	__u32 ack;
	__u32 end;
	__u16 window;
	__u8 kind;    /* enum segment_kind */
	__u8 reply;   /* which side sent it */
	__u8 scale;   /* what a SYN that did not fit has offered, */
	__u8 flags;   /* and more: SIDE_*, LAST_* */
	__u8 repeats; /* how often the same ACK was seen again */
	__u8 zero;
};

/* As struct flow_key, but for the zone (lib/zone.h). */
struct conn_key {
	nfup_addr saddr;
	nfup_addr daddr;
	__be16 sport;
	__be16 dport;
	nfup_proto proto;
	__u8 family;
	__u16 zone;
};
NFUP_ASSERT(sizeof(struct conn_key) == 40, "no padding in a map key");

struct conn_entry {
	nfup_time last_seen;
	nfup_time began;
	__u32 idle;	      /* seconds that it may be idle; 0: it stays */
	nfup_jiffies checked; /* when last_seen was written */
	__u32 busy;	      /* a CPU is changing what is below */
	__u32 flags;
	enum conn_state state;
	__u32 opener; /* which end of the key has begun: 0 saddr, 1 daddr */
	struct conn_side side[2]; /* that of the opener, that of the other */
	struct conn_last last;
	__u32 zero;
};
NFUP_ASSERT(sizeof(struct conn_entry) == 104, "no padding in a map value");

#endif
