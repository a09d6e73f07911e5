/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* examples/router.click by hand: routes are an LPM trie here, too, and neighbours those
 * of the NF, whose map it shares. */
#include "hand.h"

#include "atoms/neighbour.h"
#include "lib/routes.h"

#define MTU 1500
#define NEIGHBOUR_TIMEOUT (4 * 3600 * 1000000000ull)

const volatile __u8 macs[2][ETH_ALEN]; /* of the ports */

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct route4_key);
	__type(value, struct route);
} routes4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct route6_key);
	__type(value, struct route);
} routes6 SEC(".maps");

static __always_inline const struct route *find_route(const struct pkt *p)
{
	if (p->flow.family == 4) {
		struct route4_key key = {.length = 32, .addr = *(const __be32 *)(p->flow.daddr + 12)};

		return bpf_map_lookup_elem(&routes4, &key);
	} else {
		struct route6_key key = {.length = 128};

		__builtin_memcpy(key.addr, p->flow.daddr, sizeof(key.addr));
		return bpf_map_lookup_elem(&routes6, &key);
	}
}

static __always_inline int count_hop(struct xdp_md *ctx, const struct pkt *p)
{
	__u8 *ip = at(ctx, p->l3, 20);
	__be16 *word, old;

	if (!ip)
		return NFUP_DROP_TRUNCATED;
	if (p->flow.family == 6) {
		if (ip[7] <= 1)
			return NFUP_DROP_TTL_EXPIRED;
		/* fe80::/10 does not leave its link */
		if (ip[8] == 0xfe && (ip[9] & 0xc0) == 0x80)
			return NFUP_DROP_BAD_SOURCE;
		ip[7]--;
		return PASSED;
	}
	if (ip[12] == 127 || (ip[12] & 0xf0) >= 0xe0)
		return NFUP_DROP_BAD_SOURCE;
	if (ip[8] <= 1)
		return NFUP_DROP_TTL_EXPIRED;
	word = (__be16 *)(ip + 8);
	old = *word;
	ip[8]--;
	*(__be16 *)(ip + 10) = csum_replace(*(__be16 *)(ip + 10), old, *word);
	return PASSED;
}

SEC("xdp")
int hand(struct xdp_md *ctx)
{
	const struct neighbour_entry *to;
	enum hand_port from = hand_port(ctx), out;
	const struct route *route;
	struct pkt p = {};
	struct ethhdr *eth;
	int finding;

	nfup_count_packet(ctx);
	eth = at(ctx, 0, sizeof(*eth));
	if (!eth)
		return DROP(TRUNCATED);
	for (int i = 0; i < ETH_ALEN; i++)
		if (eth->h_dest[i] != macs[from == INSIDE ? 0 : 1][i])
			return DROP(NO_MATCH);
	finding = hand_parse(ctx, &p);
	if (finding != PASSED)
		return DROP_FOR(finding);
	route = find_route(&p);
	if (!route || route->output < 1 || route->output > 2)
		return DROP(NO_ROUTE);
	out = route->output - 1;
	__builtin_memcpy(p.next_hop, route->direct ? p.flow.daddr : route->gateway, sizeof(p.next_hop));
	finding = count_hop(ctx, &p);
	if (finding != PASSED)
		return DROP_FOR(finding);
	if (p.l3_len > MTU)
		return DROP(TOO_BIG);
	to = bpf_map_lookup_elem(&NEIGHB, p.next_hop);
	if (!to || age_is_due(to->last_seen, neighbour_limit(to, NEIGHBOUR_TIMEOUT), bpf_ktime_get_coarse_ns()))
		return DROP(NO_NEIGHBOUR);
	eth = at(ctx, 0, sizeof(*eth));
	if (!eth)
		return DROP(TRUNCATED);
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_dest[i] = to->mac[i];
		eth->h_source[i] = macs[out == INSIDE ? 0 : 1][i];
	}
	return hand_send(out);
}
