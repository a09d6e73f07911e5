/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Line-rate traffic through an NF: `generate` runs with
 * BPF_F_TEST_XDP_LIVE_FRAMES on one side, `check` is attached on the other. */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "live_frame.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 pattern[sizeof(struct live_frame) / 4];
struct live_counts counts;

/* A busy machine leaves its devices' rings to a thread that waits for the CPU like
 * any other: no more frames are under way than one ring holds. Should all of them
 * be lost, one more is let through now and then, whose number tells. */
static __always_inline int may_send(void)
{
	if (counts.sent - counts.expected < LIVE_WINDOW || counts.held >= LIVE_PATIENCE) {
		counts.held = 0;
		return 1;
	}
	counts.held++;
	return 0;
}

/* The kernel uses the pages again as the NF left them, so all of the frame is
 * written each time. */
SEC("xdp")
int generate(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct live_frame *frame = data;
	__u32 *word = data;

	if ((void *)(frame + 1) > end)
		return XDP_ABORTED;
	if (!may_send())
		return XDP_DROP;
	for (unsigned i = 0; i < sizeof(pattern) / 4; i++)
		word[i] = pattern[i];
	frame->sequence = counts.sent;
	frame->udp.source = bpf_htons(1024 + counts.sent % LIVE_FLOWS);
	counts.sent++;
	return XDP_TX; /* of a live frame: out of the device it is said to come from */
}

static __always_inline int checksum_ok(const void *ip)
{
	const __u16 *word = ip;
	__u32 sum = 0;

	for (unsigned i = 0; i < sizeof(struct iphdr) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

SEC("xdp")
int check(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct live_frame *frame = data;
	__u32 dscp, address;

	if ((void *)(frame + 1) > end || frame->magic != LIVE_MAGIC)
		return XDP_PASS;
	dscp = frame->ip.tos >> 2 & (LIVE_STAMPS - 1);
	address = frame->eth.h_source[5] & (LIVE_STAMPS - 1);
	counts.received++;
	counts.stamps[dscp][address]++;
	if (address != frame->eth.h_dest[5])
		counts.torn++;
	if (!checksum_ok(data + ETH_HLEN))
		counts.damaged++;
	if (frame->sequence < counts.expected) {
		counts.behind++;
	} else {
		counts.missing += frame->sequence - counts.expected;
		counts.expected = frame->sequence + 1;
	}
	return XDP_DROP;
}
