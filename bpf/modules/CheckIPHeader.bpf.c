/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "nfup.h"
#include "lib/checksum.h"
#include "lib/ip.h"

#include <linux/ip.h>

NFUP_PARAM(__u32, OFFSET, "size", "0", "0..2047", "bytes from the front of the packet to the IP header");
NFUP_PARAM(__u8, CHECKSUM, "bool", "true", "", "verify the header checksum");
NFUP_OUTPUTS("ok, bad?");
NFUP_PROVIDES("ip-header@0, five-tuple@0");

#define IP_MF 0x2000
#define IP_OFFSET 0x1fff

/* The header with its options must sum up to all ones. */
static __always_inline int header_sum_ok(struct xdp_md *ctx, struct iphdr *ip, __u32 l3, __u32 header_length)
{
	__u32 *word = (__u32 *)ip;
	__u64 sum = (__u64)word[0] + word[1] + word[2] + word[3] + word[4];

	if (header_length > sizeof(*ip)) {
		for (__u32 i = sizeof(*ip); i < 60; i += 4) {
			if (i >= header_length)
				break;
			word = at(ctx, l3 + i, 4);
			if (!word)
				return 0;
			sum += *word;
		}
	}
	return csum_fold(sum) == 0xffff;
}

static __always_inline void set_flow_addresses(struct pkt *p, const struct iphdr *ip)
{
	__u32 *s = (__u32 *)p->flow.saddr, *d = (__u32 *)p->flow.daddr;

	s[0] = s[1] = d[0] = d[1] = 0;
	s[2] = d[2] = bpf_htonl(0xffff);
	s[3] = ip->saddr;
	d[3] = ip->daddr;
	p->flow.proto = ip->protocol;
	p->flow.family = 4;
	p->flow.zero = 0;
}

static __always_inline int check(struct xdp_md *ctx, struct pkt *p)
{
	__u32 l3 = p->cursor + OFFSET, frame = ctx->data_end - ctx->data;
	__u32 header_length, total, fragment, offset;
	struct iphdr *ip = at(ctx, l3, sizeof(*ip));
	int finding;

	if (!ip)
		return NFUP_DROP_TRUNCATED;
	if (ip->version != 4)
		return NFUP_DROP_BAD_IP_VERSION;
	header_length = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	/* shorter than the frame is normal: Ethernet pads to 60 bytes */
	if (header_length < sizeof(*ip) || total < header_length || l3 + total > frame)
		return NFUP_DROP_BAD_IP_LENGTH;
	if (CHECKSUM && !header_sum_ok(ctx, ip, l3, header_length))
		return NFUP_DROP_BAD_IP_CHECKSUM;
	/* Click's default BADSRC */
	if (ip->saddr == 0 || ip->saddr == 0xffffffff)
		return NFUP_DROP_BAD_SOURCE;
	fragment = bpf_ntohs(ip->frag_off);
	offset = (fragment & IP_OFFSET) * 8;
	finding = check_fragment(ip->protocol, offset, fragment & IP_MF, total - header_length);
	if (finding != PASSED)
		return finding;

	p->l3 = l3;
	p->l4 = l3 + header_length;
	p->l3_len = total;
	p->ethertype = bpf_htons(ETH_P_IP);
	p->ip_proto = ip->protocol;
	p->flags = (fragment & (IP_MF | IP_OFFSET) ? PKT_FRAGMENT : 0) | (offset ? PKT_LATER_FRAGMENT : 0);
	set_flow_addresses(p, ip);
	set_flow_ports(ctx, p);
	return PASSED;
}

NFUP_MODULE(CheckIPHeader, "Check the IPv4 header: version, lengths, checksum, source, fragment; note its offsets and flow")
{
	return CHECKED(check(ctx, p));
}
