/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address resolution (RFC 826), over Ethernet and for IPv4. */
#ifndef NFUP_ARP_H
#define NFUP_ARP_H

#include <bpf/bpf_endian.h>

#include "ether.h"

struct arp {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	struct mac sender;
	__u8 sender_ip[4];
	struct mac target;
	__u8 target_ip[4];
};
_Static_assert(sizeof(struct arp) == 28, "as on the wire");

#define ARP_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2

static __always_inline __be32 ip4(const __u8 *b)
{
	return *(const __u16 *)b | (__u32)*(const __u16 *)(b + 2) << 16;
}

static __always_inline int is_arp(const struct ethhdr *eth, const struct arp *a)
{
	return eth->h_proto == bpf_htons(ETH_P_ARP) && a->hardware == bpf_htons(ARP_ETHERNET) &&
	       a->protocol == bpf_htons(ETH_P_IP) && a->hardware_length == ETH_ALEN && a->protocol_length == 4;
}

#endif
