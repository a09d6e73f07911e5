/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* examples/lb-l2.click by hand. Services, servers and their Maglev table are those of the
 * NF, whose maps it shares. */
#include "hand.h"

#include "atoms/assigned.h"
#include "atoms/server.h"
#include "atoms/service.h"
#include "lib/flow_hash.h"
#include "maglev.h"

#define TCP_IDLE (7440 * NSEC_PER_SEC)
#define CLOSING_IDLE (240 * NSEC_PER_SEC)
#define OTHER_IDLE (300 * NSEC_PER_SEC)

NFUP_MAGLEV(SERVER, 16);

static __always_inline __u64 limit(const void *entry)
{
	return flow_limit(((const struct assigned_entry *)entry)->phase, TCP_IDLE, CLOSING_IDLE, OTHER_IDLE);
}

static __always_inline int has_only_begun(const void *entry)
{
	return ((const struct assigned_entry *)entry)->phase == FLOW_NEW;
}

static const struct aged_state aged = {
	AGED(AS),
	.choice = 8,
	.limit = limit,
	.may_go = has_only_begun,
};

AGE_INSERTS(aged)

static __always_inline const struct service_entry *find_service(const struct pkt *p)
{
	struct service_key key = {.port = p->flow.dport, .proto = p->flow.proto};
	const struct service_entry *found;

	__builtin_memcpy(key.addr, p->flow.daddr, sizeof(key.addr));
	found = bpf_map_lookup_elem(&SERVICE, &key);
	if (!found) {
		key.port = 0;
		found = bpf_map_lookup_elem(&SERVICE, &key);
	}
	return found;
}

/* The server of a flow that has one; or none. */
static __always_inline const struct server_entry *assigned(const struct pkt *p, __u32 service, int flags)
{
	struct assigned_entry *e = bpf_map_lookup_elem(&AS, &p->flow);
	enum flow_phase phase;
	struct server_key key;
	__u32 jiffies;
	__u64 now;

	if (!e || e->last_seen <= AGE_DELETED || e->service != service)
		return 0;
	if (flow_begins_anew(e->phase, flags)) {
		age_end(&e->last_seen);
		return 0;
	}
	phase = flow_next_phase(e->phase, flags);
	jiffies = bpf_jiffies64();
	if (phase != e->phase || jiffies - e->checked >= FLOW_RECHECK) {
		now = bpf_ktime_get_coarse_ns();
		if (age_is_due(e->last_seen, limit(e), now)) {
			age_end(&e->last_seen);
			return 0;
		}
		e->phase = phase;
		e->last_seen = now;
		e->checked = jiffies;
	}
	key = (struct server_key){service, e->server};
	return bpf_map_lookup_elem(&SERVER, &key);
}

static __always_inline const struct server_entry *choose(const struct pkt *p, __u32 service, int flags)
{
	__u32 index = service * MAGLEV_SLOTS + symmetric_hash(p) % MAGLEV_SLOTS;
	const struct maglev_slot *slot = bpf_map_lookup_elem(&SERVER_MAGLEV, &index);
	struct assigned_entry fresh = {.service = service}, *e;
	struct server_key key;

	if (!slot || !slot->server)
		return 0;
	fresh.server = slot->server - 1;
	fresh.phase = flow_next_phase(FLOW_NEW, flags);
	fresh.last_seen = bpf_ktime_get_coarse_ns();
	fresh.checked = bpf_jiffies64();
	e = bpf_map_lookup_elem(&AS, &p->flow);
	if (!e) {
		age_insert(&p->flow, &fresh, FULL_OLDEST, fresh.last_seen);
	} else if (age_take(&e->last_seen, fresh.last_seen)) {
		e->service = fresh.service;
		e->server = fresh.server;
		e->phase = fresh.phase;
		e->checked = fresh.checked;
	}
	key = (struct server_key){service, fresh.server};
	return bpf_map_lookup_elem(&SERVER, &key);
}

static __always_inline int balancer(struct xdp_md *ctx, struct pkt *p, enum hand_port from)
{
	const struct service_entry *service;
	const struct server_entry *server;
	struct ethhdr *eth;
	int finding, flags;

	if (from == OUTSIDE)
		return PASSED;
	finding = hand_parse(ctx, p);
	if (finding != PASSED)
		return finding;
	service = find_service(p);
	if (!service)
		return PASSED;
	flags = flow_flags(ctx, p);
	server = assigned(p, service->service, flags);
	if (!server)
		server = choose(p, service->service, flags);
	if (!server)
		return NFUP_DROP_NO_SERVER;
	eth = at(ctx, 0, sizeof(*eth));
	if (!eth)
		return NFUP_DROP_TRUNCATED;
	for (int i = 0; i < ETH_ALEN; i++) {
		eth->h_source[i] = eth->h_dest[i];
		eth->h_dest[i] = server->mac[i];
	}
	return PASSED;
}

HAND(balancer)
