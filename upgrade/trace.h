// SPDX-License-Identifier: BSD-2-Clause
// The packets that Print nodes put into the NF's ring. One reader at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "intent/result.h"
#include "packet.h"
#include "store.h"

namespace nfup::upgrade {

struct TracedPacket {
	std::uint64_t time = 0;  // ns since 1970
	std::string node, label; // the label is the node's name where Print has none
	std::string port;        // it came in by; empty: one that the NF has no more
	unsigned cpu = 0;
	unsigned paint = 0;
	std::uint32_t length = 0; // bytes of the frame
	packet::Bytes bytes;      // as many as Print shows
	std::uint64_t missed = 0; // packets of this node and CPU just before, for which the ring had no room
};

class Trace {
public:
	using Consumer = std::function<void(const TracedPacket&)>;

	// `nodes`: of these Prints only; empty: of all. Packets from before are left out.
	// Error: kind intent: no such node, or no Print; kind refused: another reader.
	static Result<Trace> open(const Folders& folders, const std::string& nf, std::vector<std::string> nodes);
	Trace(Trace&&) noexcept;
	~Trace();

	// Hands on what is there, waiting at most `milliseconds` for the first.
	Result<void> poll(int milliseconds, const Consumer& consumer);

private:
	struct Ring;
	explicit Trace(std::unique_ptr<Ring> ring);
	std::unique_ptr<Ring> ring_;
};

} // namespace nfup::upgrade
