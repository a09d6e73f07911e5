/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A flood of SYNs, each from another source: `flood` runs with
 * BPF_F_TEST_XDP_LIVE_FRAMES on one side, `sink` takes them on the other, so that
 * the host behind it has only its own work. */
#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "syn_flood.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 pattern[FLOOD_WORDS]; /* a frame without its source */
struct flood_counts counts;

static __always_inline __u16 folded(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16);
}

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 host = bpf_get_prandom_u32(), port = bpf_get_prandom_u32();
	union flood_frame *frame = data;

	if ((void *)(frame + 1) > end)
		return XDP_ABORTED;
	for (unsigned i = 0; i < FLOOD_WORDS; i++)
		frame->word[i] = pattern[i];
	if (frame->v4.eth.h_proto == bpf_htons(ETH_P_IP)) {
		/* 10.0.0.0/8; the pattern's checksums are right for a source of 0 */
		__u32 source = bpf_htonl(0x0a000000 | (host & 0xffffff));

		frame->v4.ip.saddr = source;
		frame->v4.ip.check = ~folded((__u16)~frame->v4.ip.check + (source & 0xffff) + (source >> 16));
		frame->v4.tcp.source = port;
		frame->v4.tcp.check = ~folded((__u16)~frame->v4.tcp.check + (source & 0xffff) + (source >> 16) + (__u16)port);
	} else {
		frame->v6.ip.saddr.in6_u.u6_addr32[2] = host;
		frame->v6.ip.saddr.in6_u.u6_addr32[3] = port;
		frame->v6.tcp.source = port >> 16;
		frame->v6.tcp.check = ~folded((__u16)~frame->v6.tcp.check + (host & 0xffff) + (host >> 16) + (port & 0xffff) +
					      2 * (port >> 16));
	}
	counts.sent++;
	return XDP_TX; /* of a live frame: out of the device it is said to come from */
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	union flood_frame *frame = data;

	if ((void *)(frame + 1) > end)
		return XDP_PASS;
	if (frame->v4.eth.h_proto == bpf_htons(ETH_P_IP)
		    ? frame->v4.ip.protocol != IPPROTO_TCP || frame->v4.tcp.dest != bpf_htons(FLOOD_PORT)
		    : frame->v6.eth.h_proto != bpf_htons(ETH_P_IPV6) || frame->v6.ip.nexthdr != IPPROTO_TCP ||
			      frame->v6.tcp.dest != bpf_htons(FLOOD_PORT))
		return XDP_PASS;
	counts.received++;
	return XDP_DROP;
}
