/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows through a network function at line rate, on one CPU: `generate` runs with
 * BPF_F_TEST_XDP_LIVE_FRAMES on the client, `receive` is attached to the server and
 * counts or answers, `answered` to the client. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bytes.h"
#include "lib/checksum.h"
#include "traffic.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct traffic_pass pass SEC(".data.pass");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} samples SEC(".maps");

/* No more frames are under way than the smallest ring holds: what is lost was lost by
 * the network function. */
static __always_inline int may_send(void)
{
	__u32 is_answered = pass.answer == ANSWER_ECHO || pass.answer == ANSWER_SYN;

	if (pass.sent >= pass.frames)
		return 0;
	if (pass.sent - (is_answered ? pass.answered : pass.received) < TRAFFIC_WINDOW)
		return 1;
	pass.held++;
	return 0;
}

static __always_inline void add_to_check(__u8 *check, __u64 change)
{
	*(__be16 *)check = csum_apply(*(__be16 *)check, change);
}

/* The kernel uses the pages again as the network function left them, so all headers are
 * written each time. */
SEC("xdp")
int generate(struct xdp_md *ctx)
{
	__u32 flow = pass.sent % pass.flows, number = bpf_htonl(pass.sent);
	__be16 address = bpf_htons(1 + flow / TRAFFIC_PORTS), port = bpf_htons(TRAFFIC_FIRST_PORT + flow % TRAFFIC_PORTS);
	__u32 *to = at(ctx, 0, TRAFFIC_SHORTEST), *rest = at(ctx, TRAFFIC_SHORTEST, TRAFFIC_HEADERS - TRAFFIC_SHORTEST);
	const __u32 *from = (const __u32 *)pass.headers;
	__u64 change = csum_change16(0, address) + csum_change16(0, port);
	__u8 *b;

	if (!to)
		return XDP_ABORTED;
	if (!may_send())
		return XDP_DROP;
	for (unsigned i = 0; i < TRAFFIC_SHORTEST / 4; i++)
		to[i] = from[i];
	if (pass.size > TRAFFIC_SHORTEST && rest)
		for (unsigned i = 0; i < (TRAFFIC_HEADERS - TRAFFIC_SHORTEST) / 4; i++)
			rest[i] = from[TRAFFIC_SHORTEST / 4 + i];
	b = at(ctx, pass.source, 2);
	if (b)
		*(__be16 *)b = address;
	b = at(ctx, pass.l4, 2);
	if (b)
		*(__be16 *)b = port;
	if (pass.ip_check) {
		b = at(ctx, pass.ip_check, 2);
		if (b)
			add_to_check(b, csum_change16(0, address));
	}
	if (pass.numbered) {
		b = at(ctx, pass.numbered, 4);
		if (b) {
			*(__u32 *)b = number;
			change += csum_change(0, number);
		}
	}
	b = at(ctx, pass.l4_check, 2);
	if (b)
		add_to_check(b, change);
	if (!pass.sent)
		pass.first_ns = bpf_ktime_get_ns();
	pass.sent++;
	return XDP_TX; /* of a live frame: out of the device it is said to come from */
}

/* What it was sent with, whatever the network function put in front of it or changed:
 * only our IP version and protocol are on this wire. */
struct place {
	__u32 l3, l4;
	__u8 proto, six;
};

static __always_inline int find(struct xdp_md *ctx, struct place *p)
{
	__u8 *b = at(ctx, 0, ETH_HLEN + 20); /* a veth pads nothing */

	if (!b)
		return 0;
	p->l3 = ETH_HLEN;
	p->six = *(__be16 *)(b + 12) == bpf_htons(ETH_P_IPV6);
	if (!p->six && *(__be16 *)(b + 12) != bpf_htons(ETH_P_IP))
		return 0;
	p->proto = p->six ? b[ETH_HLEN + 6] : b[ETH_HLEN + 9];
	p->l4 = p->l3 + (p->six ? 40 : 20);
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP;
}

static __always_inline void count_number(struct xdp_md *ctx, const struct place *p)
{
	__u8 *b = at(ctx, p->l4 + (p->proto == IPPROTO_TCP ? 20 : 8), 4);
	__u64 number;

	if (!b)
		return;
	number = bpf_ntohl(*(__be32 *)b);
	if (number < pass.expected) {
		pass.behind++;
	} else {
		pass.missing += number - pass.expected;
		pass.expected = number + 1;
	}
}

static __always_inline void exchange(__u8 *a, __u8 *b, __u32 bytes)
{
	for (__u32 i = 0; i < bytes; i += 2) {
		__u16 word = *(__u16 *)(a + i);

		*(__u16 *)(a + i) = *(__u16 *)(b + i);
		*(__u16 *)(b + i) = word;
	}
}

/* Its sums stay right, for all changes are exchanges; but for a SYN, which becomes a
 * SYN+ACK of a window as wide as it gets. */
static __always_inline int echo(struct xdp_md *ctx, const struct place *p)
{
	__u8 *eth = at(ctx, 0, ETH_HLEN), *b;
	__u64 change = 0;

	if (!eth)
		return XDP_DROP;
	exchange(eth, eth + 6, 6);
	if (p->six) {
		b = at(ctx, ETH_HLEN, 40);
		if (!b)
			return XDP_DROP;
		exchange(b + 8, b + 24, 16);
		b = at(ctx, ETH_HLEN + 40, 18);
	} else {
		b = at(ctx, ETH_HLEN, 20);
		if (!b)
			return XDP_DROP;
		exchange(b + 12, b + 16, 4);
		b = at(ctx, ETH_HLEN + 20, 18);
	}
	if (!b)
		return XDP_DROP;
	exchange(b, b + 2, 2);
	if (pass.answer == ANSWER_SYN && p->proto == IPPROTO_TCP) {
		__be32 *seq = (__be32 *)(b + 4), *ack = (__be32 *)(b + 8), due = bpf_htonl(bpf_ntohl(*seq) + 1);
		__be16 *flags = (__be16 *)(b + 12), answer = *flags | bpf_htons(0x0010);

		change = csum_change(*ack, due) + csum_change16(*flags, answer);
		*ack = due; /* our own number is that of the SYN: any would do */
		*flags = answer;
		add_to_check(b + 16, change);
	}
	/* not XDP_TX: a peer without an XDP program is not told of it */
	return bpf_redirect(ctx->ingress_ifindex, 0);
}

static __always_inline void sample(struct xdp_md *ctx)
{
	struct traffic_sample *s = bpf_ringbuf_reserve(&samples, sizeof(*s), 0);
	__u64 length = (__u32)bytes_from(ctx, 0);

	if (!s)
		return;
	asm volatile("" : "+r"(length)); /* so that what is compared is what is handed on */
	s->length = length;
	if (length < ETH_HLEN || length > TRAFFIC_LONGEST || bpf_xdp_load_bytes(ctx, 0, s->bytes, length))
		s->length = 0;
	bpf_ringbuf_submit(s, 0);
}

SEC("xdp")
int receive(struct xdp_md *ctx)
{
	struct place p;

	if (!find(ctx, &p))
		return XDP_DROP;
	if (pass.numbered)
		count_number(ctx, &p);
	pass.received++;
	if (pass.received == pass.frames)
		pass.last_ns = bpf_ktime_get_ns();
	if (pass.answer == ANSWER_NONE)
		return XDP_DROP;
	if (pass.answer != ANSWER_SAMPLE)
		return echo(ctx, &p);
	sample(ctx);
	return XDP_DROP;
}

SEC("xdp")
int answered(struct xdp_md *ctx)
{
	struct place p;

	if (find(ctx, &p))
		pass.answered++;
	return XDP_DROP;
}
