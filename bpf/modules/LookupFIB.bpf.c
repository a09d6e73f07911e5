/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/ports.h"
#include "lib/devices.h"
#include "lib/switch.h"

#include <linux/if_ether.h>

NFUP_PARAM(struct device_list, DEVICES, "devices", REQUIRED, "", "the ports that packets may leave by, one an output");
NFUP_OUTPUTS("host, port*");
NFUP_REQUIRES("ip-header, five-tuple");

/* In <sys/socket.h>, which has no place here. */
#define AF_INET 2
#define AF_INET6 10

static __always_inline long look_up(struct xdp_md *ctx, const struct pkt *p, struct bpf_fib_lookup *fib)
{
	fib->l4_protocol = p->ip_proto;
	fib->ifindex = ctx->ingress_ifindex;
	fib->tot_len = p->l3_len; /* against the route's MTU */
	if (p->flow.family == 4) {
		fib->family = AF_INET;
		fib->ipv4_src = *(const __be32 *)(p->flow.saddr + 12);
		fib->ipv4_dst = *(const __be32 *)(p->flow.daddr + 12);
	} else {
		fib->family = AF_INET6;
		__builtin_memcpy(fib->ipv6_src, p->flow.saddr, sizeof(fib->ipv6_src));
		__builtin_memcpy(fib->ipv6_dst, p->flow.daddr, sizeof(fib->ipv6_dst));
	}
	return bpf_fib_lookup(ctx, fib, sizeof(*fib), 0);
}

/* Which output leads to the device; 0, the host, if none does. */
static __always_inline __u32 output_of(__u32 ifindex)
{
	for (__u32 i = 0; i < NFUP_MAX_DEVICES; i++) {
		__u32 port = DEVICES.port[i];
		const __u32 *device;

		if (i >= DEVICES.count)
			break;
		device = bpf_map_lookup_elem(&ports, &port);
		if (device && *device == ifindex)
			return 1 + i;
	}
	return 0;
}

/* Whatever is not plain forwarding to a known neighbour is the kernel's: it asks for
 * the neighbour, fragments, answers, or says that there is no way. */
NFUP_MODULE(LookupFIB, "Route by the kernel's tables: address the frame to the next hop and choose its port; the rest is for the host")
{
	struct bpf_fib_lookup fib = {};
	__u32 output = 0;
	struct ethhdr *eth;

	if (look_up(ctx, p, &fib) == BPF_FIB_LKUP_RET_SUCCESS)
		output = output_of(fib.ifindex);
	if (output) {
		eth = at(ctx, p->l2, sizeof(*eth));
		if (!eth)
			return DROP(TRUNCATED);
		__builtin_memcpy(eth->h_dest, fib.dmac, ETH_ALEN);
		__builtin_memcpy(eth->h_source, fib.smac, ETH_ALEN);
	}
	SWITCH(output);
}
