/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* IEEE 802.1Q and 802.1ad tags, between the addresses and the EtherType. */
#ifndef NFUP_VLAN_H
#define NFUP_VLAN_H

#include <bpf/bpf_endian.h>
#include <linux/if_ether.h>

#define VLAN_TAG 4
#define VLAN_ID_MASK 0xfff
#define VLAN_ADDRESSES (2 * ETH_ALEN)

static __always_inline int is_vlan_type(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* The addresses of a frame, as words: moved by four bytes they do not overlap wrongly
 * when read as a whole before they are written. */
struct vlan_addresses {
	__u32 word[VLAN_ADDRESSES / 4];
};

#endif
