/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP messages (RFC 792, RFC 950) as a NAT tells them apart (RFC 5508 §1.2):
 * queries and their replies carry an identifier, errors quote the packet they
 * are about. */
#ifndef NFUP_ICMP_H
#define NFUP_ICMP_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>

#define ICMP_HEADER 8 /* bytes in front of the data, or of the quoted packet */

/* Of ICMP and ICMPv6 (RFC 4443). */
struct icmp_header {
	__u8 type;
	__u8 code;
	__u16 check;
	__be32 rest; /* by type: identifier and sequence number, MTU, pointer */
};

#define ICMP_ECHO_REPLY 0
#define ICMP_UNREACHABLE 3
#define ICMP_NEEDFRAG 4 /* code of it */
#define ICMP_REDIRECT 5
#define ICMP_ECHO 8
#define ICMP_PARAMETER_PROBLEM 12

#define ICMP6_TOO_BIG 2
#define ICMP6_PARAMETER_PROBLEM 4
#define ICMP6_BAD_OPTION 2	/* code of it */
#define ICMP6_INFORMATIONAL 128 /* from here on: no errors */
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129
#define ICMP6_SOLICITATION 135 /* of a neighbour (RFC 4861) */
#define ICMP6_ADVERTISEMENT 136
#define ICMP6_REDIRECT 137

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

/* ICMPv6 (RFC 4443): unreachable, too big, time exceeded, parameter problem; echo. */
static __always_inline int icmp6_is_error(__u8 type)
{
	return type >= 1 && type <= 4;
}

static __always_inline int icmp6_is_query(__u8 type)
{
	return type == 128 || type == 129;
}

/* Does the message carry an identifier, in its bytes 4 and 5? */
static __always_inline int icmp_has_id(__u8 proto, __u8 type)
{
	return proto == IPPROTO_ICMP ? icmp_is_query(type) : icmp6_is_query(type);
}

#endif
