/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "conn_tcp.h"

#include <linux/if_ether.h>

NFUP_PARAM(__u64, TCP, "duration", "120h", "5m..10000h", "how long an open TCP connection may be idle");
NFUP_PARAM(__u64, UDP, "duration", "2m", "30s..10000h", "how long a UDP flow may be idle that has gone both ways for 2 s");
NFUP_PARAM(__u32, ZONE, "enum", "none", ZONE_NAMES,
	   "vlan: each VLAN has connections of its own, by the tags in front of the IP header; give WriteConn the same");
NFUP_OUTPUTS("established, new, related, invalid?, untracked?");
NFUP_REQUIRES("five-tuple");

enum view { ESTABLISHED, NEW, RELATED, INVALID, UNTRACKED };

/* Multicast listener and neighbour discovery (RFC 2710, RFC 4861, RFC 3810): between a host
 * and its link, no connections. Redirects are not among them. */
static __always_inline int is_link_talk(struct xdp_md *ctx, const struct pkt *p)
{
	__u8 *type;

	if (p->flow.proto != IPPROTO_ICMPV6 || p->flags & (PKT_LATER_FRAGMENT | PKT_ICMP_ERROR))
		return 0;
	type = at(ctx, p->l4, 1);
	return type && ((*type >= 130 && *type <= 136) || *type == 143);
}

static __always_inline int lacks_ports(const struct pkt *p)
{
	switch (p->flow.proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		return !(p->flags & PKT_HAS_PORTS);
	}
	return 0;
}

/* An error is for the host whose packet it quotes, or it is forged. */
static __always_inline int goes_to_quoted_sender(struct xdp_md *ctx, const struct pkt *p)
{
	const __u32 *flow = (const __u32 *)p->flow.daddr, *to;

	if (p->ethertype == bpf_htons(ETH_P_IP)) {
		to = at(ctx, p->l3 + 16, 4);
		return to && *to == flow[3];
	}
	to = at(ctx, p->l3 + 24, 16);
	return to && to[0] == flow[0] && to[1] == flow[1] && to[2] == flow[2] && to[3] == flow[3];
}

static __always_inline enum view error_view(struct xdp_md *ctx, const struct pkt *p, const struct conn_entry *e)
{
	return e && goes_to_quoted_sender(ctx, p) ? RELATED : INVALID;
}

/* Of a packet whose connection is not known. `segment`: TCP's, else none. */
static __always_inline enum view view_without(const struct pkt *p, const struct conn_place *place,
					      const struct segment *segment)
{
	if (segment)
		return segment->kind == SEGMENT_SYN ? NEW : INVALID;
	return is_icmp(&p->flow) && place->end ? INVALID : NEW;
}

/* Until the other side answers, all of the opener's packets are new: rules see them. */
static __always_inline enum view view_of(struct conn_entry *e, int reply)
{
	if (reply)
		conn_flag(e, CONN_REPLIED);
	return e->flags & CONN_REPLIED ? ESTABLISHED : NEW;
}

#define STREAM_AFTER (2 * NSEC_PER_SEC)

static __always_inline void step_udp(struct conn_entry *e)
{
	__u32 idle = e->idle;

	if (e->flags & CONN_REPLIED && !(e->flags & CONN_ASSURED) &&
	    (__u32)bpf_jiffies64() - e->checked >= CONN_RECHECK &&
	    bpf_ktime_get_coarse_ns() - e->began > STREAM_AFTER) {
		conn_flag(e, CONN_ASSURED);
		idle = UDP / NSEC_PER_SEC;
	}
	conn_refresh(e, idle);
}

static __always_inline enum view tcp_view(struct conn_entry *e, const struct conn_place *place,
					  const struct segment *s, int *why)
{
	int reply = (place->end ^ e->opener) & 1;
	enum view before = view_of(e, 0);

	switch (conn_step(e, s, reply, TCP / NSEC_PER_SEC)) {
	case CONN_FITS:
	case CONN_PASSES:
		return view_of(e, reply);
	case CONN_REOPENS:
		age_end(&e->last_seen);
		return NEW;
	case CONN_ENDS:
		age_end(&e->last_seen);
		return reply ? ESTABLISHED : before;
	case CONN_OUT_OF_WINDOW:
		*why = NFUP_DROP_OUT_OF_WINDOW;
		return INVALID;
	case CONN_INVALID:
		return INVALID;
	}
	return INVALID;
}

static __always_inline enum view look(struct xdp_md *ctx, const struct pkt *p, int *why)
{
	struct conn_place place;
	struct conn_entry *e;
	struct segment s;
	int tcp = p->flow.proto == IPPROTO_TCP && !(p->flags & PKT_ICMP_ERROR);

	if (!conn_place(ctx, p, ZONE, &place) || lacks_ports(p))
		return is_link_talk(ctx, p) ? UNTRACKED : INVALID;
	if (tcp) {
		*why = read_segment(ctx, p, &s);
		if (*why != PASSED)
			return INVALID;
		*why = NFUP_DROP_STATE_INVALID;
	}
	e = state_lookup(CONN, &place.key);
	if (e && !conn_is_live(e))
		e = 0;
	if (p->flags & PKT_ICMP_ERROR)
		return error_view(ctx, p, e);
	if (!e)
		return view_without(p, &place, tcp ? &s : 0);
	if (tcp)
		return tcp_view(e, &place, &s, why);
	if (p->flow.proto == IPPROTO_UDP)
		step_udp(e);
	else
		conn_refresh(e, e->idle);
	return view_of(e, (place.end ^ e->opener) & 1);
}

NFUP_ATOM(ReadConn, "What is the packet to its connection, as conntrack has it? Steps the connection")
{
	int why = NFUP_DROP_STATE_INVALID;
	enum view v = look(ctx, p, &why);

	if (v == ESTABLISHED)
		return NEXT(0);
	if (v == NEW)
		return NEXT(1);
	if (v == RELATED)
		return NEXT(2);
	if (v == UNTRACKED)
		return NEXT_OR_DROP(4, NFUP_DROP_STATE_INVALID);
	return NEXT_OR_DROP(3, why);
}
