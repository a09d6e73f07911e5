/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP messages (RFC 792, RFC 950) as a NAT tells them apart (RFC 5508 §1.2):
 * queries and their replies carry an identifier, errors quote the packet they
 * are about. */
#ifndef NFUP_ICMP_H
#define NFUP_ICMP_H

#include <linux/types.h>

#define ICMP_HEADER 8 /* bytes in front of the data, or of the quoted packet */

/* Echo, timestamp, information, address mask: requests and replies. */
static __always_inline int icmp_is_query(__u8 type)
{
	const __u32 types = 1 << 0 | 1 << 8 | 0x3f << 13;

	return type < 32 && types >> type & 1;
}

/* Of a query: is it the reply? */
static __always_inline int icmp_is_reply(__u8 type)
{
	return type == 0 || (type != 8 && !(type & 1));
}

/* Unreachable, source quench, time exceeded, parameter problem. A redirect is
 * for the link it was sent on. */
static __always_inline int icmp_is_error(__u8 type)
{
	return type == 3 || type == 4 || type == 11 || type == 12;
}

#endif
