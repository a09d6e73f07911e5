/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Somebody else's XDP program: counts the UDP datagrams to the probe's port and lets
 * all pass. Once more as xdp.frags, which cannot be hosted. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline int look(struct xdp_md *ctx)
{
	struct {
		struct ethhdr eth;
		struct iphdr ip;
		struct udphdr udp;
	} __attribute__((packed)) *frame = (void *)(long)ctx->data;
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&seen, &zero);

	if ((void *)(frame + 1) > (void *)(long)ctx->data_end || !count)
		return XDP_PASS;
	if (frame->eth.h_proto == bpf_htons(ETH_P_IP) && frame->ip.protocol == IPPROTO_UDP &&
	    frame->udp.dest == bpf_htons(7777))
		__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

SEC("xdp")
int guest(struct xdp_md *ctx)
{
	return look(ctx);
}

SEC("xdp.frags")
int guest_frags(struct xdp_md *ctx)
{
	return look(ctx);
}
