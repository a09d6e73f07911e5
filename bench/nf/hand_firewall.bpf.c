/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* examples/stateful-firewall.click by hand. */
#include "hand.h"

#include "atoms/conn_tcp.h"

#define TCP_IDLE (120 * 3600u) /* seconds, as the classes' defaults are */
#define UDP_IDLE 120
#define UDP_NEW_IDLE 30
#define STREAM_AFTER (2 * NSEC_PER_SEC)

enum view { ESTABLISHED, NEW, INVALID };

static __always_inline int may_go(const void *entry)
{
	const struct conn_entry *e = entry;

	return !(e->flags & CONN_ASSURED) || e->state == CONN_TIME_WAIT || e->state == CONN_CLOSE;
}

static const struct aged_state aged = {
	AGED(CONN),
	.choice = 1,
	.limit = conn_limit,
	.may_go = may_go,
};

AGE_INSERTS(aged)

static __always_inline enum view view_of(struct conn_entry *e, int reply)
{
	if (reply)
		conn_flag(e, CONN_REPLIED);
	return e->flags & CONN_REPLIED ? ESTABLISHED : NEW;
}

static __always_inline enum view step_tcp(struct conn_entry *e, const struct conn_place *place, const struct segment *s)
{
	int reply = (place->end ^ e->opener) & 1;

	switch (conn_step(e, s, reply, TCP_IDLE)) {
	case CONN_FITS:
	case CONN_PASSES:
		return view_of(e, reply);
	case CONN_REOPENS:
		age_end(&e->last_seen);
		return NEW;
	case CONN_ENDS:
		age_end(&e->last_seen);
		return reply ? ESTABLISHED : view_of(e, 0);
	default:
		return INVALID;
	}
}

static __always_inline void step_udp(struct conn_entry *e)
{
	__u32 idle = e->idle;

	if (e->flags & CONN_REPLIED && !(e->flags & CONN_ASSURED) &&
	    (__u32)bpf_jiffies64() - e->checked >= CONN_RECHECK &&
	    bpf_ktime_get_coarse_ns() - e->began > STREAM_AFTER) {
		conn_flag(e, CONN_ASSURED);
		idle = UDP_IDLE;
	}
	conn_refresh(e, idle);
}

static __noinline int begin(const struct conn_place *place, const struct segment *s, int tcp)
{
	struct conn_entry fresh = {};

	fresh.idle = UDP_NEW_IDLE;
	if (tcp) {
		fresh.state = CONN_SYN_SENT;
		fresh.idle = conn_tcp_idle[CONN_SYN_SENT];
		begin_side(&fresh.side[0], s);
		fresh.last.kind = SEGMENT_SYN;
	}
	fresh.opener = place->end;
	fresh.began = fresh.last_seen = bpf_ktime_get_coarse_ns();
	fresh.checked = bpf_jiffies64();
	return age_insert(&place->key, &fresh, FULL_OLDEST, fresh.last_seen) ? NFUP_DROP_TABLE_FULL : PASSED;
}

static __always_inline int outsiders_may(__be16 port)
{
	return port == bpf_htons(22) || port == bpf_htons(80) || port == bpf_htons(443);
}

static __always_inline int firewall(struct xdp_md *ctx, struct pkt *p, enum hand_port from)
{
	int finding = hand_parse(ctx, p), tcp;
	struct conn_place place;
	struct conn_entry *e;
	struct segment s = {};
	enum view view;

	if (finding == PASSED)
		finding = hand_check_transport(ctx, p);
	if (finding != PASSED)
		return finding;
	conn_place_at(&place, &p->flow, conn_swaps(&p->flow));
	place.key.zone = 0;
	tcp = p->ip_proto == IPPROTO_TCP;
	if (tcp) {
		finding = read_segment(ctx, p, &s);
		if (finding != PASSED)
			return finding;
	}
	e = bpf_map_lookup_elem(&CONN, &place.key);
	if (e && !conn_is_live(e))
		e = 0;
	if (!e) {
		view = !tcp || s.kind == SEGMENT_SYN ? NEW : INVALID;
	} else if (tcp) {
		view = step_tcp(e, &place, &s);
	} else {
		step_udp(e);
		view = view_of(e, (place.end ^ e->opener) & 1);
	}
	if (view == INVALID)
		return NFUP_DROP_STATE_INVALID;
	if (view == ESTABLISHED)
		return PASSED;
	if (from == OUTSIDE && !(tcp && outsiders_may(p->flow.dport)))
		return NFUP_DROP_DENIED;
	return e ? PASSED : begin(&place, &s, tcp);
}

HAND(firewall)
