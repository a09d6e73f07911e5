// SPDX-License-Identifier: BSD-2-Clause
// Runs nodes in the kernel with BPF_PROG_TEST_RUN. Slots behind a node hold tiny
// programs whose verdict tells which output the packet took. Throws
// std::runtime_error with what libbpf or the verifier said.
#pragma once

#include <bpf/libbpf.h>

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bpf/drop_reasons.h"
#include "bpf/trace_record.h"
#include "packet.h"

namespace nfup::test {

class Fd {
public:
	explicit Fd(int fd = -1) : fd_(fd) {}
	Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
	Fd& operator=(Fd&& other) noexcept
	{
		std::swap(fd_, other.fd_);
		return *this;
	}
	~Fd();
	int get() const { return fd_; }

private:
	int fd_;
};

// Values for a node's rodata, by variable name.
class Params {
public:
	template <class T> Params& set(const std::string& name, const T& value)
	{
		Bytes b(sizeof(value));
		std::memcpy(b.data(), &value, sizeof(value));
		values_[name] = std::move(b);
		return *this;
	}
	// Also for a table (NFUP_TABLE): its content.
	Params& set(const std::string& name, const Bytes& bytes)
	{
		values_[name] = bytes;
		return *this;
	}
	const std::map<std::string, Bytes>& values() const { return values_; }

private:
	std::map<std::string, Bytes> values_;
};

struct Object {
	std::unique_ptr<bpf_object, decltype(&bpf_object__close)> object{nullptr, &bpf_object__close};
	int program = -1;
	unsigned node = 0;  // index of its counters
	unsigned stack = 0; // bytes, of all functions
};

// What became of a packet.
struct Outcome {
	unsigned verdict = 0;
	std::optional<int> output; // set: it left by this output
	Bytes frame;
	pkt context{};
	std::map<std::string, std::uint64_t> drops; // of the node, by reason's name
	std::uint64_t packets = 0, bytes = 0;       // as the node counted this packet
};

std::ostream& operator<<(std::ostream& os, const Outcome& outcome);

constexpr unsigned first_exit_slot = 100; // output i of a node under test leads to this slot + i
constexpr std::uint32_t no_slot = NFUP_NO_SLOT;

std::string object_path(const std::string& cls);
std::vector<std::string> classes(); // modules and atoms, without core
Fd exit_program(unsigned verdict);

// The framework's maps and the state maps of one imagined NF.
class Kernel {
public:
	// Empty, or why nothing can run here (no root, no bpf).
	std::string open();

	// Loads a class (or core program). Its outputs lead to the exit slots unless
	// `out` says where; `no_slot` outputs stay unconnected.
	Object load(const std::string& cls, const Params& params = {}, std::vector<unsigned> out = {});
	Outcome run(const Object& node, const Bytes& frame, const pkt& context = {});
	// Mean time of a packet over `repeat` runs in the kernel.
	unsigned nanoseconds(int program, const Bytes& frame, const pkt& context, int repeat);
	// What a node has dropped so far, by reason's name.
	std::map<std::string, std::uint64_t> drops(const Object& node) const;
	std::uint64_t events(const Object& node, node_event event) const
	{
		return read_counters(node.node).drops[NFUP_EVENT_INDEX(event)];
	}
	std::uint64_t packets(const Object& node) const { return read_counters(node.node).packets; }
	void put(unsigned slot, int program);
	void clear(unsigned slot);
	// States created from now on have room for so many instead of what they declare.
	void capacity(const std::string& state, unsigned entries) { capacities_[state] = entries; }
	// A state map, created by the first atom loaded that declares it.
	int state(const std::string& name) { return states_.at(name).get(); }
	int slots() const { return slots_.get(); }
	int ports() const { return ports_.get(); }
	int contexts() const { return contexts_.get(); }
	int counters() const { return counters_.get(); }
	int trace() const { return trace_.get(); }

private:
	node_counters read_counters(unsigned node) const;
	void set_context(const pkt& context);

	Fd slots_, contexts_, counters_, ports_, trace_;
	std::map<std::string, Fd> states_;
	std::map<std::string, unsigned> capacities_;
	std::vector<Fd> exits_;
	unsigned next_node_ = 1;
};

} // namespace nfup::test
