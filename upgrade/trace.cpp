// SPDX-License-Identifier: BSD-2-Clause
#include "trace.h"

#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "bpf/trace_record.h"
#include "clock.h"
#include "framework.h"

namespace nfup::upgrade {

namespace {

struct RingDeleter {
	void operator()(ring_buffer* ring) const { ring_buffer__free(ring); }
};

struct Printer {
	std::string node, label;
};

std::string label_of(const GenerationNode& node)
{
	const auto found = std::ranges::find(node.constants, "LABEL", &loader::Constant::variable);
	if (found == node.constants.end() || found->bytes.empty() || found->bytes[0] == 0)
		return node.name;
	return {found->bytes.begin(), std::ranges::find(found->bytes, 0)};
}

bool is_print(const GenerationNode& node)
{
	return node.cls == "Print";
}

// Error (kind intent): there is no such node, or it does not print.
Result<void> check_nodes(const Store& store, const Generation& running, const std::vector<std::string>& wanted)
{
	const std::string how =
	    "put a Print where the packets shall be seen, … -> seen :: Print -> …, and: nfup upgrade " + store.nf() +
	    " INTENT";
	if (std::ranges::none_of(running.nodes, is_print))
		return fail(ErrorKind::intent, "NF '" + store.nf() + "' has no Print", how);
	for (const std::string& name : wanted) {
		const auto node = std::ranges::find(running.nodes, name, &GenerationNode::name);
		if (node == running.nodes.end())
			return fail(ErrorKind::intent, "NF '" + store.nf() + "' has no node " + name,
				    "nfup status " + store.nf() + " lists them");
		if (!is_print(*node))
			return fail(ErrorKind::intent, "node " + name + " is no Print but a " + node->cls, how);
	}
	return {};
}

} // namespace

struct Trace::Ring {
	Store store;
	std::vector<std::string> wanted;
	Fd lock;
	std::unique_ptr<ring_buffer, RingDeleter> ring;
	std::vector<std::string> ports;
	std::map<std::uint32_t, Printer> printers; // by counter
	std::set<std::uint32_t> strangers;         // counters that no node of the running generation has
	std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> last; // packet, by counter and CPU
	std::uint64_t start = 0;                                               // ns of the monotonic clock
	std::uint64_t epoch = 0;                                               // ns since 1970 when that was 0
	const Consumer* consumer = nullptr;

	void read_printers(const Generation& running)
	{
		for (const GenerationNode& node : running.nodes)
			if (is_print(node))
				printers[node.counter] = {node.name, label_of(node)};
	}
	const Printer* find(std::uint32_t counter)
	{
		auto found = printers.find(counter);
		if (found == printers.end() && !strangers.contains(counter)) {
			if (auto running = store.read_running()) // an upgrade may have brought it
				read_printers(*running);
			found = printers.find(counter);
			if (found == printers.end())
				strangers.insert(counter);
		}
		return found == printers.end() ? nullptr : &found->second;
	}
	void take(const trace_record& record, const std::uint8_t* bytes)
	{
		if (record.time < start)
			return;
		std::uint64_t& before = last[{record.node, record.cpu}];
		const std::uint64_t missed = before && record.packet > before ? record.packet - before - 1 : 0;
		before = record.packet;
		const Printer* printer = find(record.node);
		if (!printer || (!wanted.empty() && std::ranges::find(wanted, printer->node) == wanted.end()))
			return;
		(*consumer)({epoch + record.time,
			     printer->node,
			     printer->label,
			     record.port < ports.size() ? ports[record.port] : "",
			     record.cpu,
			     record.paint,
			     record.length,
			     {bytes, bytes + record.captured},
			     missed});
	}
	static int on_record(void* self, void* data, std::size_t size)
	{
		const auto* record = static_cast<const trace_record*>(data);
		if (size >= sizeof *record && size - sizeof *record >= record->captured)
			static_cast<Ring*>(self)->take(*record, reinterpret_cast<const std::uint8_t*>(record + 1));
		return 0;
	}
};

Trace::Trace(std::unique_ptr<Ring> ring) : ring_(std::move(ring)) {}
Trace::Trace(Trace&&) noexcept = default;
Trace::~Trace() = default;

Result<Trace> Trace::open(const Folders& folders, const std::string& nf, std::vector<std::string> nodes)
{
	auto store = Store::open(folders, nf);
	if (!store)
		return pass(store);
	auto record = store->read_nf();
	if (!record)
		return pass(record);
	auto running = store->read_running();
	if (!running)
		return pass(running);
	if (auto known = check_nodes(*store, *running, nodes); !known)
		return pass(known);
	auto framework = Framework::open(*store);
	if (!framework)
		return pass(framework);
	if (framework->trace() < 0)
		return fail(ErrorKind::system, "the pin " + (store->pins() / "trace").string() + " is gone",
			    "somebody has removed it; detach the NF and attach it again");

	auto ring = std::make_unique<Ring>(Ring{.store = *store, .wanted = std::move(nodes)});
	// The ring has one place up to which it is read.
	const auto path = store->records() / "trace.lock";
	ring->lock = Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	if (!ring->lock)
		return fail_errno(errno, "cannot open " + path.string(), "root is needed");
	if (flock(ring->lock.get(), LOCK_EX | LOCK_NB) != 0)
		return fail(ErrorKind::refused, "another nfup traces NF '" + nf + "'", "end it first");
	ring->start = clock_ns(CLOCK_MONOTONIC);
	ring->epoch = clock_ns(CLOCK_REALTIME) - ring->start;
	ring->ring.reset(ring_buffer__new(framework->trace(), Ring::on_record, ring.get(), nullptr));
	if (!ring->ring)
		return fail_errno(errno, "cannot read the ring of NF '" + nf + "'", "root is needed");
	for (const Port& port : record->ports)
		ring->ports.push_back(port.label);
	ring->read_printers(*running);
	return Trace(std::move(ring));
}

Result<void> Trace::poll(int milliseconds, const Consumer& consumer)
{
	ring_->consumer = &consumer;
	const int count = ring_buffer__poll(ring_->ring.get(), milliseconds);
	if (count < 0 && count != -EINTR)
		return fail_errno(-count, "cannot read the ring of NF '" + ring_->store.nf() + "'");
	return {};
}

} // namespace nfup::upgrade
