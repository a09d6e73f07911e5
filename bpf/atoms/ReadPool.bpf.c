/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "lib/ranges.h"
#include "pool.h"

NFUP_PARAM(struct prefix4, ADDRESSES, "prefix4", REQUIRED, "", "the outside addresses; each inside address keeps to one");
NFUP_PARAM(struct portrange, PORTS, "portrange", "1024-65535", "", "ports, and ICMP identifiers, that may be used");
NFUP_OUTPUTS("free, exhausted?");
NFUP_REQUIRES("five-tuple");
NFUP_PROVIDES("free-endpoint@0");

/* Ports looked at, half of them with the parity of the inside port. */
#define TRIES 128

/* Murmur3's finaliser: close addresses end far apart. */
static __always_inline __u32 mix(__u32 h)
{
	h ^= h >> 16;
	h *= 0x85ebca6b;
	h ^= h >> 13;
	h *= 0xc2b2ae35;
	return h ^ h >> 16;
}

/* Paired pooling (RFC 4787 REQ-2): a function of the inside address alone. */
static __always_inline __be32 outside_address(__be32 inside)
{
	__u32 hosts = ~bpf_ntohl(ADDRESSES.mask);

	return (ADDRESSES.addr & ADDRESSES.mask) | bpf_htonl(mix(inside) & hosts);
}

static __always_inline int is_free(const struct endpoint *outside, const struct endpoint *inside)
{
	return lease_is_open_to(state_lookup(POOL, outside), inside);
}

/* The inside port itself if it may (RFC 4787 §4.2.1, preservation), else one at
 * random (RFC 6056) of the same parity (REQ-4), else any. Those looked at lie far
 * apart, for ports that are kept are taken in long runs; of a small pool it is all. */
static __always_inline int find_port(struct endpoint *outside, const struct endpoint *inside)
{
	__u32 low = PORTS.low, high = PORTS.high, wanted = bpf_ntohs(inside->port);
	__u32 span = high > low ? (high - low + 1) & ~1u : 1, half = span > 1 ? span / 2 : 1;
	__u32 random, parity = (low ^ wanted) & 1;

	outside->port = inside->port;
	if (wanted >= low && wanted <= high && is_free(outside, inside))
		return 1;
	random = bpf_get_prandom_u32() >> 1;
	for (__u32 i = 0; i < TRIES; i++) {
		__u32 place = (half <= TRIES / 2 ? random + i : random >> 8) % half;
		__u32 n = 2 * place + (parity ^ (i >= TRIES / 2));

		outside->port = bpf_htons(low + n % span);
		if (is_free(outside, inside))
			return 1;
		if (half > TRIES / 2)
			random = random * 1664525 + 1013904223; /* Numerical Recipes' generator */
	}
	return 0;
}

NFUP_ATOM(ReadPool, "Find an outside endpoint that is free; the source of the packet's flow becomes it")
{
	struct endpoint inside, outside;

	if (!header_source(ctx, p, &inside))
		return DROP(TRUNCATED);
	outside = inside;
	outside.addr = outside_address(inside.addr);
	if (!find_port(&outside, &inside))
		return NEXT_OR_DROP(1, NFUP_DROP_POOL_EXHAUSTED);
	set_flow_source(p, outside.addr, outside.port);
	return NEXT(0);
}
