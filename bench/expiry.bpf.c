/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* New flows into a table that forgets old ones, in each of the ways there are; see
 * expiry.cpp. A flow's key is made from its number. Time is logical, one tick a
 * flow, so that how much of the table is live does not depend on the machine; but
 * bpf_timer knows only the clock. */
#include "ageing.h"
#include "expiry.h"

struct flow_counts counts;
const volatile __u64 life; /* ticks, or for bpf_timer ns */
const volatile enum full_policy policy;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline void make(struct flow_key *key, struct flow_entry *entry)
{
	__u64 tick = FIRST_TICK + __sync_fetch_and_add(&counts.ticks, 1);

	*key = flow_of(tick);
	entry->born = tick;
}

#define TABLE(name, map_type)                          \
	struct {                                       \
		__uint(type, map_type);                \
		__uint(max_entries, 1);                \
		__type(key, struct flow_key);          \
		__type(value, struct flow_entry);      \
	} name SEC(".maps")

TABLE(plain, BPF_MAP_TYPE_HASH);
TABLE(lru, BPF_MAP_TYPE_LRU_HASH);

SEC("xdp") int insert_plain(struct xdp_md *ctx)
{
	struct flow_entry entry = {};
	struct flow_key key;

	make(&key, &entry);
	if (bpf_map_update_elem(&plain, &key, &entry, BPF_ANY))
		counts.refused++;
	return XDP_DROP;
}

SEC("xdp") int insert_lru(struct xdp_md *ctx)
{
	struct flow_entry entry = {};
	struct flow_key key;

	make(&key, &entry);
	if (bpf_map_update_elem(&lru, &key, &entry, BPF_ANY))
		counts.refused++;
	return XDP_DROP;
}

/* ---- a timer in each entry ---- */

struct timed_entry {
	struct flow_entry entry;
	struct bpf_timer timer;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct flow_key);
	__type(value, struct timed_entry);
} timed SEC(".maps");

static int timer_fired(void *map, struct flow_key *key, struct timed_entry *entry)
{
	__u64 now = bpf_ktime_get_ns();

	/* those that follow each other at once are one stay in the softirq */
	if (now - counts.last_fired > 3000)
		counts.streak_began = now;
	bpf_map_delete_elem(map, key);
	__sync_fetch_and_add(&counts.fired, 1);
	counts.last_fired = bpf_ktime_get_ns();
	if (counts.last_fired - counts.streak_began > counts.longest_ns)
		counts.longest_ns = counts.last_fired - counts.streak_began;
	return 0;
}

SEC("xdp") int insert_timed(struct xdp_md *ctx)
{
	struct timed_entry fresh = {}, *entry;
	struct flow_key key;

	make(&key, &fresh.entry);
	if (bpf_map_update_elem(&timed, &key, &fresh, BPF_ANY)) {
		counts.refused++;
		return XDP_DROP;
	}
	entry = bpf_map_lookup_elem(&timed, &key);
	if (entry) {
		bpf_timer_init(&entry->timer, &timed, 1 /* CLOCK_MONOTONIC */);
		bpf_timer_set_callback(&entry->timer, timer_fired);
		bpf_timer_start(&entry->timer, life, 0);
	}
	return XDP_DROP;
}

/* ---- one walk over all ---- */

static long judge(void *map, struct flow_key *key, struct flow_entry *entry, void *context)
{
	if (counts.ticks - entry->born > life)
		bpf_map_delete_elem(map, key);
	return 0;
}

SEC("xdp") int walk(struct xdp_md *ctx)
{
	__u64 start = bpf_ktime_get_ns();

	bpf_for_each_map_elem(&plain, judge, 0, 0);
	counts.longest_ns = bpf_ktime_get_ns() - start;
	return XDP_DROP;
}

/* ---- the queue of bpf/ageing.h ---- */

NFUP_AGED_STATE_BY(aged, struct flow_key, struct flow_entry, 1, born);

static __always_inline __u64 aged_limit(const void *entry)
{
	return life;
}

/* as WL, and as FSM */
static const struct aged_state choosing = {AGED(aged), .choice = 8, .limit = aged_limit},
			       in_turn = {AGED(aged), .choice = 1, .limit = aged_limit};

static long look_choosing(__u32 i, void *search)
{
	return age_step(&choosing, search) ? 1 : 0;
}

static long look_in_turn(__u32 i, void *search)
{
	return age_step(&in_turn, search) ? 1 : 0;
}

static __noinline int room_choosing(struct age_search *search, enum full_policy full)
{
	return age_make_room(&choosing, look_choosing, search, full);
}

static __noinline int room_in_turn(struct age_search *search, enum full_policy full)
{
	return age_make_room(&in_turn, look_in_turn, search, full);
}

SEC("xdp") int insert_aged(struct xdp_md *ctx)
{
	struct flow_entry entry = {};
	struct flow_key key;

	make(&key, &entry);
	if (age_insert_by(&choosing, look_choosing, room_choosing, &key, &entry, policy, entry.born))
		counts.refused++;
	return XDP_DROP;
}

SEC("xdp") int insert_in_turn(struct xdp_md *ctx)
{
	struct flow_entry entry = {};
	struct flow_key key;

	make(&key, &entry);
	if (age_insert_by(&in_turn, look_in_turn, room_in_turn, &key, &entry, policy, entry.born))
		counts.refused++;
	return XDP_DROP;
}
