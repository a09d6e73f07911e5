/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Why a packet was dropped. Shared by the modules (which count) and the tools
 * (which print the names). Append only: the number is an index into
 * struct node_counters and must keep its meaning across upgrades. */
#ifndef NFUP_DROP_REASONS_H
#define NFUP_DROP_REASONS_H

#include "contract.h"

/* X(symbol, name shown to people, what it means) */
#define NFUP_DROP_REASONS(X)                                                        \
	X(TAIL_CALL_MISS, "tail-call-miss", "the next node's slot was empty (a bug)")    \
	X(DISCARD, "discard", "the intent says so: a Discard node")                      \
	X(TRUNCATED, "truncated", "the frame ends before the header it promises")        \
	X(BAD_IP_VERSION, "bad-ip-version", "not the IP version that this node checks")  \
	X(BAD_IP_LENGTH, "bad-ip-length", "IP header or total length is impossible")     \
	X(BAD_IP_CHECKSUM, "bad-ip-checksum", "the IPv4 header checksum is wrong")       \
	X(BAD_SOURCE, "bad-source", "a source address that must not be seen on a wire")  \
	X(BAD_EXTENSION, "bad-extension", "IPv6 extension headers too many or malformed") \
	X(BAD_FRAGMENT, "bad-fragment", "a fragment too small or beyond 65535 bytes")    \
	X(BAD_L4_LENGTH, "bad-l4-length", "TCP or UDP header length is impossible")      \
	X(BAD_L4_CHECKSUM, "bad-l4-checksum", "the TCP, UDP or ICMP checksum is wrong")  \
	X(BAD_TCP_FLAGS, "bad-tcp-flags", "a TCP flag combination no stack sends")       \
	X(NOT_TCP, "not-tcp", "this node takes only TCP")                                \
	X(NO_MATCH, "no-match", "no pattern or rule matched")                            \
	X(STATE_INVALID, "state-invalid", "the packet does not fit its flow's state")    \
	X(TABLE_FULL, "table-full", "a state table had no room")                         \
	X(NO_DEVICE, "no-device", "the output port has no device")                       \
	X(UNCONNECTED, "unconnected", "an output that the intent left open")             \
	X(NO_CONTEXT, "no-context", "the packet context was not there (a bug)")          \
	X(HEADROOM, "headroom", "no room to add or remove bytes in front")               \
	X(DENIED, "denied", "a filter rule says so")                                     \
	X(UNTRANSLATABLE, "untranslatable", "neither ports nor an ICMP identifier, or no mapping it could belong to") \
	X(UNSOLICITED, "unsolicited", "from a peer that nobody inside has sent to")      \
	X(POOL_EXHAUSTED, "pool-exhausted", "no free port of the NAT's address was found") \
	X(PORT_TAKEN, "port-taken", "another packet took the NAT's port first") \
	X(FROZEN, "frozen", "the NF's states are being moved to another machine, or were") \
	X(TTL_EXPIRED, "ttl-expired", "its time to live or hop limit was used up")            \
	X(OTHER_HOST, "other-host", "the frame is for another host")                     \
	X(WRONG_PROTOCOL, "wrong-protocol", "another transport protocol than this node checks") \
	X(NO_ROUTE, "no-route", "no route leads to the destination") \
	X(ICMP_SILENT, "icmp-silent", "no ICMP error may be sent about it (RFC 1812, RFC 4443)") \
	X(TOO_BIG, "too-big", "longer than the MTU of the next hop") \
	X(NO_NEIGHBOUR, "no-neighbour", "the next hop's link-layer address is not known") \
	X(BAD_IP_OPTION, "bad-ip-option", "an IPv4 option that is malformed, or a source route") \
	X(BAD_ECN, "bad-ecn", "congestion was marked in a tunnel, for ends that cannot hear of it (RFC 6040)") \
	X(NO_SERVER, "no-server", "the service has no server for it") \
	X(OUT_OF_WINDOW, "out-of-window", "the TCP segment lies outside its connection's windows") \
	X(UNKNOWN_FRAGMENT, "unknown-fragment", "a later fragment whose first one has not passed") \
	X(OVERLAPPING_FRAGMENT, "overlapping-fragment", "a fragment that holds bytes which have passed already") \
	X(RATE_LIMITED, "rate-limited", "beyond the rate of this node, or of its flow or source")

/* What a node counts beside packets: X(symbol, name shown to people, what it means).
 * They use the counters behind the reasons, from the last one downwards. */
#define NFUP_EVENTS(X)                                                              \
	X(EXPIRED, "expired", "state entries deleted because they were over or idle for too long") \
	X(EVICTED, "evicted", "live state entries that gave way to new ones")

enum drop_reason {
#define X(symbol, name, meaning) NFUP_DROP_##symbol,
	NFUP_DROP_REASONS(X)
#undef X
	NFUP_DROP_COUNT,
};

enum node_event {
#define X(symbol, name, meaning) NFUP_EVENT_##symbol,
	NFUP_EVENTS(X)
#undef X
	NFUP_EVENT_COUNT,
};
#define NFUP_EVENT_INDEX(event) (NFUP_MAX_REASONS - 1 - (event)) /* in node_counters.drops */

NFUP_ASSERT((int)NFUP_DROP_COUNT + (int)NFUP_EVENT_COUNT <= NFUP_MAX_REASONS, "append only while there is room");

#endif
