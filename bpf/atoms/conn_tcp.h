/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TCP connections seen half-way: states, and the windows that a segment must be in, as
 * Linux' conntrack has them (after van Rooij, Real Stateful TCP Packet Filtering in IP
 * Filter, 2000). The segments seen need not be those that arrive: what does not fit may
 * still be what brings the two ends together, so some of it passes without effect.
 * tests/e2e/conntrack_oracle_test.sh compares the two, packet by packet. */
#ifndef NFUP_CONN_TCP_H
#define NFUP_CONN_TCP_H

#include "../lib/tcp_options.h"
#include "conn.h"

/* Seconds. RFC 9293 asks for 2 MSL in TIME_WAIT; the rest as in Linux. */
static const __u32 conn_tcp_idle[CONN_STATES] = {
	[CONN_SYN_SENT] = 120,	[CONN_SYN_RECV] = 60,  [CONN_ESTABLISHED] = 0 /* a parameter */,
	[CONN_FIN_WAIT] = 120,	[CONN_CLOSE_WAIT] = 60, [CONN_LAST_ACK] = 30,
	[CONN_TIME_WAIT] = 120, [CONN_CLOSE] = CONN_IDLE_CLOSING, [CONN_SYN_SENT2] = 120,
};
#define CONN_IDLE_UNACKED 300 /* something waits for an acknowledgement, or for a window */
#define CONN_MAX_REPEATS 3    /* of one ACK, before the same holds */

enum segment_kind { SEGMENT_NONE, SEGMENT_SYN, SEGMENT_SYNACK, SEGMENT_FIN, SEGMENT_ACK, SEGMENT_RST, SEGMENT_KINDS };

struct segment {
	__u32 seq, ack, end; /* `end`: the sequence number behind it */
	__u32 window;	     /* as in the header */
	__u32 kind;
	__u32 has_ack, has_syn;
	struct tcp_options options;
};

/* What a segment comes to. */
enum conn_fit {
	CONN_FITS,
	CONN_PASSES,  /* without effect */
	CONN_REOPENS, /* the connection is over, this begins the next one */
	CONN_ENDS,    /* refused before it began */
	CONN_INVALID,
	CONN_OUT_OF_WINDOW,
};

/* ---- states ---- */

#define IV (CONN_STATES + 0) /* invalid */
#define IG (CONN_STATES + 1) /* passes without effect */
#define SS CONN_SYN_SENT
#define SR CONN_SYN_RECV
#define ES CONN_ESTABLISHED
#define FW CONN_FIN_WAIT
#define CW CONN_CLOSE_WAIT
#define LA CONN_LAST_ACK
#define TW CONN_TIME_WAIT
#define CL CONN_CLOSE
#define S2 CONN_SYN_SENT2

/* From the state of the column, by a segment of the opener and one of the other side. */
static const __u8 conn_tcp_next[2][SEGMENT_KINDS][CONN_STATES] = {
	{
		/*                   --  SS  SR  ES  FW  CW  LA  TW  CL  S2 */
		[SEGMENT_NONE]	 = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV },
		[SEGMENT_SYN]	 = { SS, SS, IG, IG, IG, IG, IG, SS, SS, S2 },
		[SEGMENT_SYNACK] = { IV, IV, SR, IV, IV, IV, IV, IV, IV, SR },
		[SEGMENT_FIN]	 = { IV, IV, FW, FW, LA, LA, LA, TW, CL, IV },
		[SEGMENT_ACK]	 = { IV, IV, ES, ES, CW, CW, TW, TW, CL, IV },
		[SEGMENT_RST]	 = { IV, CL, CL, CL, CL, CL, CL, CL, CL, CL },
	},
	{
		/*                   --  SS  SR  ES  FW  CW  LA  TW  CL  S2 */
		[SEGMENT_NONE]	 = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV },
		[SEGMENT_SYN]	 = { IV, S2, IV, IV, IV, IV, IV, SS, IV, S2 },
		[SEGMENT_SYNACK] = { IV, SR, IG, IG, IG, IG, IG, IG, IG, SR },
		[SEGMENT_FIN]	 = { IV, IV, FW, FW, LA, LA, LA, TW, CL, IV },
		[SEGMENT_ACK]	 = { IV, IG, SR, ES, CW, CW, TW, TW, CL, IG },
		[SEGMENT_RST]	 = { IV, CL, CL, CL, CL, CL, CL, CL, CL, CL },
	},
};

#undef IV
#undef IG
#undef SS
#undef SR
#undef ES
#undef FW
#undef CW
#undef LA
#undef TW
#undef CL
#undef S2

/* ---- segments ---- */

static __always_inline __u32 segment_kind(__u8 flags)
{
	if (flags & TCP_RST)
		return SEGMENT_RST;
	if (flags & TCP_SYN)
		return flags & TCP_ACK ? SEGMENT_SYNACK : SEGMENT_SYN;
	if (flags & TCP_FIN)
		return SEGMENT_FIN;
	return flags & TCP_ACK ? SEGMENT_ACK : SEGMENT_NONE;
}

/* PASSED, or why not. A fragment does not say how long its segment is: it is invalid.
 * Global, so that the verifier looks at it once; it cannot know that `p` and `s` are there. */
__attribute__((noinline)) int read_segment(struct xdp_md *ctx, const struct pkt *p, struct segment *s)
{
	__u32 l4, end, header_length, options;
	__u8 *tcp, flags;

	if (!p || !s)
		return NFUP_DROP_NO_CONTEXT;
	l4 = p->l4;
	end = p->l3 + p->l3_len;
	tcp = at(ctx, l4, TCP_HEADER);
	if (!tcp || l4 + TCP_HEADER > end)
		return NFUP_DROP_TRUNCATED;
	header_length = (tcp[12] >> 4) * 4;
	options = l4 + TCP_HEADER;
	if (header_length < TCP_HEADER || l4 + header_length > end)
		return NFUP_DROP_BAD_L4_LENGTH;
	flags = tcp[13];
	if (!tcp_flags_sensible(flags))
		return NFUP_DROP_BAD_TCP_FLAGS;
	if (p->flags & PKT_FRAGMENT)
		return NFUP_DROP_STATE_INVALID;
	s->seq = bpf_ntohl(*(__be32 *)(tcp + 4));
	s->ack = bpf_ntohl(*(__be32 *)(tcp + 8));
	s->window = bpf_ntohs(*(__be16 *)(tcp + 14));
	s->end = s->seq + (end - l4 - header_length) + !!(flags & TCP_SYN) + !!(flags & TCP_FIN);
	s->kind = segment_kind(flags);
	s->has_ack = flags & TCP_ACK;
	s->has_syn = flags & TCP_SYN;
	s->options = (struct tcp_options){.sack = s->ack};
	if (header_length > TCP_HEADER && !tcp_only_timestamps(ctx, options, l4 + header_length))
		s->options = tcp_read_options(ctx, options, l4 + header_length, s->ack);
	return PASSED;
}

/* ---- windows ---- */

/* The longest that an acknowledgement may lag behind, where the window is narrower. */
#define CONN_ACK_LAG 66000

static __always_inline int before(__u32 a, __u32 b)
{
	return (__s32)(a - b) < 0;
}

/* What a SYN says of its sender. */
static __always_inline void begin_side(struct conn_side *side, const struct segment *s)
{
	side->end = side->max_end = s->end;
	side->max_window = s->window ? s->window : 1;
	side->max_ack = 0;
	side->scale = s->options.scale;
	side->flags = (s->options.sack_ok ? SIDE_SACK : 0) | (s->options.has_scale ? SIDE_SCALE : 0);
}

/* Windows are scaled if both have offered it. */
static __always_inline void begin_answer(struct conn_side *sender, struct conn_side *receiver, const struct segment *s,
					 int reply)
{
	begin_side(sender, s);
	if (reply && !(sender->flags & receiver->flags & SIDE_SCALE))
		sender->scale = receiver->scale = 0;
}

/* CONN_FITS, CONN_PASSES or CONN_OUT_OF_WINDOW. */
static __always_inline int fit_window(struct conn_entry *e, struct conn_side *sender, struct conn_side *receiver,
				      const struct segment *s, int reply)
{
	__u32 seq = s->seq, end = s->end, ack = s->ack, window = s->window;
	__u32 sack = receiver->flags & SIDE_SACK ? s->options.sack : ack, lag, over;

	/* without an acknowledgement, or with that of a stack that sets none in a RST */
	if (!s->has_ack || (s->kind == SEGMENT_RST && !ack))
		ack = sack = receiver->end;
	if (!sender->max_window && s->has_syn) {
		begin_answer(sender, receiver, s, reply);
		if (!s->has_ack)
			return CONN_FITS;
	} else if (!sender->max_window) {
		/* refused: nothing but the acknowledgement to judge it by */
		if (!before(sack, receiver->end + 1))
			return CONN_OUT_OF_WINDOW;
		return before(receiver->end - CONN_ACK_LAG - 1, sack) ? CONN_FITS : CONN_PASSES;
	} else if (s->has_syn && before(sender->end, end) &&
		   (e->state == CONN_SYN_SENT || e->state == CONN_SYN_RECV)) {
		begin_answer(sender, receiver, s, reply);
		if (reply && !s->has_ack)
			return CONN_FITS;
	}
	if (s->kind == SEGMENT_RST && !seq && e->state == CONN_SYN_SENT)
		seq = end = sender->end;

	lag = sender->max_window > CONN_ACK_LAG ? sender->max_window : CONN_ACK_LAG;
	if (!before(seq, sender->max_end + 1)) {
		over = end - sender->max_end + 1;
		if (!receiver->max_window || !before(sender->end - receiver->max_window - 1, end) ||
		    !before(receiver->end - lag - 1, sack) || over > receiver->max_window ||
		    !before(sack, receiver->end + 1))
			return CONN_OUT_OF_WINDOW;
		/* some send more than they may; when it is acknowledged we must know of it */
		sender->end = end;
		sender->flags |= SIDE_UNACKED;
		return CONN_PASSES;
	}
	if (!before(sack, receiver->end + 1))
		return CONN_OUT_OF_WINDOW;
	/* old: sent again, or late */
	if (receiver->max_window && !before(sender->end - receiver->max_window - 1, end))
		return CONN_PASSES;
	if (!before(receiver->end - lag - 1, sack))
		return CONN_PASSES;

	if (!s->has_syn)
		window <<= sender->scale & 15;
	if (sender->max_window < window + (sack - ack))
		sender->max_window = window + (sack - ack);
	if (before(sender->end, end)) {
		sender->end = end;
		sender->flags |= SIDE_UNACKED;
	}
	if (s->has_ack && (!(sender->flags & SIDE_ACKED) || before(sender->max_ack, ack))) {
		sender->max_ack = ack;
		sender->flags |= SIDE_ACKED;
	}
	if (receiver->max_window && before(sender->max_end, end))
		receiver->max_window += end - sender->max_end;
	if (before(receiver->max_end - 1, sack + window))
		receiver->max_end = sack + window + !window;
	if (ack == receiver->end)
		receiver->flags &= ~SIDE_UNACKED;
	return CONN_FITS;
}

/* ---- a connection takes a segment ---- */

static __always_inline int conn_is_open(const struct conn_entry *e)
{
	return e->state == CONN_ESTABLISHED && e->flags & CONN_ASSURED;
}

static __always_inline int conn_is_closing(const struct conn_entry *e)
{
	return e->state >= CONN_FIN_WAIT && e->state <= CONN_CLOSE;
}

/* Does the SYN+ACK answer a SYN that passed although it did not fit? Then the ends know
 * better than we do: the connection is as they have it. */
static __always_inline int answers_passed_syn(const struct conn_entry *e, const struct segment *s, int reply)
{
	return s->kind == SEGMENT_SYNACK && e->last.kind == SEGMENT_SYN && e->last.reply != reply &&
	       s->ack == e->last.end;
}

static __always_inline void believe_passed_syn(struct conn_entry *e, struct conn_side *sender,
					       struct conn_side *receiver)
{
	receiver->end = receiver->max_end = e->last.end;
	receiver->max_window = e->last.window ? e->last.window : 1;
	receiver->scale = e->last.scale;
	receiver->flags = e->last.flags & (SIDE_SACK | SIDE_SCALE);
	e->last.flags &= ~LAST_MAY_CHALLENGE;
	*sender = (struct conn_side){};
}

static __always_inline void note_passed(struct conn_entry *e, const struct segment *s, int reply)
{
	e->last.kind = s->kind;
	e->last.reply = reply;
	e->last.seq = s->seq;
	e->last.end = s->end;
	e->last.window = s->window;
	if (s->kind == SEGMENT_SYN && !reply) {
		e->last.scale = s->options.scale;
		e->last.flags = (s->options.has_scale ? SIDE_SCALE : 0) | (s->options.sack_ok ? SIDE_SACK : 0) |
				(e->state == CONN_LAST_ACK ? LAST_MAY_CHALLENGE : 0);
	}
	if (s->kind == SEGMENT_ACK && reply && e->state == CONN_SYN_SENT)
		e->last.ack = s->ack;
}

enum reset {
	RESET_IN_WINDOW, /* if the window says so */
	RESET_CERTAIN,
	RESET_UNCERTAIN, /* may be answered by a challenge: it does not close */
	RESET_INVALID,
};

/* RFC 5961 section 3.2, as far as somebody in the middle can tell: only a RST with
 * exactly the number that is due closes an open connection. */
static __always_inline enum reset judge_reset(const struct conn_entry *e, const struct conn_side *receiver,
					      const struct segment *s, int reply)
{
	enum reset finding = RESET_IN_WINDOW;

	/* whatever it is about, this connection or the next one, nothing is lost */
	if (conn_is_closing(e))
		return RESET_CERTAIN;
	if (receiver->flags & SIDE_ACKED && e->last.kind != SEGMENT_SYN) {
		if (!s->seq && !conn_is_open(e))
			return RESET_IN_WINDOW;
		if (before(s->seq, receiver->max_ack))
			return RESET_INVALID;
		if (!conn_is_open(e) || s->seq == receiver->max_ack)
			return RESET_IN_WINDOW;
		/* directly behind the sender's last segment */
		if (e->last.kind == SEGMENT_ACK && e->last.reply == reply && s->seq == e->last.end)
			return RESET_IN_WINDOW;
		finding = RESET_UNCERTAIN;
	}
	/* the answer to what passed although it did not fit */
	if (s->ack == e->last.end && ((e->flags & CONN_REPLIED && e->last.kind == SEGMENT_SYN) ||
				      (!(e->flags & CONN_ASSURED) && e->last.kind == SEGMENT_ACK)))
		return RESET_CERTAIN;
	if (e->state == CONN_SYN_SENT && e->last.kind == SEGMENT_ACK && e->last.reply && s->seq == e->last.ack)
		return RESET_CERTAIN;
	return finding;
}

static __always_inline void note_ack(struct conn_entry *e, const struct segment *s, int reply)
{
	struct conn_last *l = &e->last;

	if (l->reply == reply && l->seq == s->seq && l->ack == s->ack && l->end == s->end && l->window == s->window) {
		if (l->repeats < CONN_MAX_REPEATS)
			l->repeats++;
		return;
	}
	l->reply = reply;
	l->seq = s->seq;
	l->ack = s->ack;
	l->end = s->end;
	l->window = s->window;
	l->repeats = 0;
}

/* FINs or RSTs from both sides that did not fit: we are not in step with the ends, and
 * shall not wait for days. */
static __always_inline void note_lost_step(struct conn_entry *e, const struct segment *s, int reply)
{
	if (!(e->flags & CONN_ASSURED) || (s->kind != SEGMENT_RST && s->kind != SEGMENT_FIN))
		return;
	if (e->last.reply != reply && (e->last.kind == SEGMENT_FIN || e->last.kind == SEGMENT_RST)) {
		if (e->idle > CONN_IDLE_UNACKED)
			e->idle = CONN_IDLE_UNACKED;
		return;
	}
	e->last.kind = s->kind;
	e->last.reply = reply;
}

/* Seconds. */
static __always_inline __u32 idle_after(const struct conn_entry *e, const struct segment *s, __u32 established)
{
	__u32 state = e->state, idle = established;

	if (s->kind == SEGMENT_RST && e->last.repeats < CONN_MAX_REPEATS)
		return CONN_IDLE_CLOSING;
	if (state != CONN_ESTABLISHED && state < CONN_STATES)
		idle = conn_tcp_idle[state];
	if (idle > CONN_IDLE_UNACKED && (e->last.repeats >= CONN_MAX_REPEATS || !e->last.window ||
					 (e->side[0].flags | e->side[1].flags) & SIDE_UNACKED))
		return CONN_IDLE_UNACKED;
	return idle;
}

/* The entry is locked. `established`: seconds that an open connection may be idle. */
static __always_inline enum conn_fit step_locked(struct conn_entry *e, const struct segment *s, int reply,
						 __u32 established)
{
	struct conn_side *sender = &e->side[!!reply], *receiver = &e->side[!reply];
	__u32 state = e->state, kind = s->kind, next;
	enum reset reset = RESET_IN_WINDOW;
	int fit;

	if (state >= CONN_STATES || kind >= SEGMENT_KINDS)
		return CONN_INVALID;
	next = conn_tcp_next[!!reply][kind][state];
	if (next == CONN_STATES)
		return CONN_INVALID;
	if (next == CONN_SYN_SENT && state >= CONN_TIME_WAIT) {
		/* RFC 9293 section 3.6.1, or an abort that only one side knows of */
		if ((sender->flags | receiver->flags) & SIDE_CLOSED_FIRST ||
		    (e->last.reply == reply && e->last.kind == SEGMENT_RST))
			return CONN_REOPENS;
		next = CONN_STATES + 1;
	}
	if (next > CONN_STATES) {
		if (!answers_passed_syn(e, s, reply)) {
			note_passed(e, s, reply);
			return CONN_PASSES;
		}
		believe_passed_syn(e, sender, receiver);
		state = CONN_SYN_SENT;
		next = CONN_SYN_RECV;
	} else if (next == CONN_TIME_WAIT) {
		if (state == CONN_LAST_ACK && kind == SEGMENT_ACK && e->last.reply != reply &&
		    e->last.kind == SEGMENT_SYN && e->last.flags & LAST_MAY_CHALLENGE) {
			e->last.flags &= ~LAST_MAY_CHALLENGE;
			return CONN_PASSES;
		}
	} else if (next == CONN_SYN_SENT2) {
		e->last.flags |= LAST_SIMULTANEOUS;
	} else if (next == CONN_SYN_RECV) {
		if (reply && kind == SEGMENT_ACK && e->last.flags & LAST_SIMULTANEOUS)
			next = CONN_ESTABLISHED;
	} else if (kind == SEGMENT_RST) {
		reset = judge_reset(e, receiver, s, reply);
		if (reset == RESET_INVALID)
			return CONN_OUT_OF_WINDOW;
		if (reset == RESET_UNCERTAIN)
			next = state;
	}

	if (reset != RESET_CERTAIN) {
		fit = fit_window(e, sender, receiver, s, reply);
		if (fit == CONN_OUT_OF_WINDOW)
			note_lost_step(e, s, reply);
		if (fit != CONN_FITS)
			return fit;
		if (kind == SEGMENT_ACK)
			note_ack(e, s, reply);
	}
	e->last.kind = kind;
	e->last.reply = reply;
	e->state = next;
	if (next == CONN_FIN_WAIT && state != CONN_FIN_WAIT)
		sender->flags |= SIDE_CLOSED_FIRST;
	if (!(e->flags & CONN_REPLIED)) {
		if (kind == SEGMENT_RST)
			return CONN_ENDS;
		/* else somebody could keep the entry for ever */
		if (kind == SEGMENT_SYN && state == CONN_SYN_SENT)
			return CONN_FITS;
	} else if (next == CONN_ESTABLISHED && (state == CONN_SYN_RECV || state == CONN_ESTABLISHED)) {
		conn_flag(e, CONN_ASSURED);
	}
	conn_refresh(e, idle_after(e, s, established));
	return CONN_FITS;
}

/* Global, so that the verifier looks at it once, whatever it knows of the segment; it
 * cannot know that the two are there. */
__attribute__((noinline)) int conn_step(struct conn_entry *e, const struct segment *s, int reply, __u32 established)
{
	enum conn_fit fit;

	if (!e || !s)
		return CONN_INVALID;
	entry_lock(&e->busy);
	fit = step_locked(e, s, reply, established);
	entry_unlock(&e->busy);
	return fit;
}

#endif
