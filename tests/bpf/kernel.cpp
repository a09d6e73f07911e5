// SPDX-License-Identifier: BSD-2-Clause
#include "kernel.h"

#include "loader/class_library.h"
#include "loader/table.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ostream>
#include <stdexcept>

namespace nfup::test {

namespace {

const char* const reason_names[] = {
#define X(symbol, name, meaning) name,
    NFUP_DROP_REASONS(X)
#undef X
};

std::string& libbpf_log()
{
	static std::string log;
	return log;
}

int keep_log(enum libbpf_print_level, const char* format, va_list args)
{
	char line[4096];
	std::vsnprintf(line, sizeof line, format, args);
	libbpf_log() += line;
	return 0;
}

[[noreturn]] void failed(const std::string& what)
{
	std::string why = std::strerror(errno);
	throw std::runtime_error(what + ": " + why + "\n" + libbpf_log());
}

// Per-CPU values lie 8-byte aligned, one per possible CPU.
std::size_t cpus()
{
	return static_cast<std::size_t>(libbpf_num_possible_cpus());
}

void set_rodata(bpf_object* object, const std::string& cls, const std::map<std::string, Bytes>& values)
{
	bpf_map* rodata = bpf_object__find_map_by_name(object, ".rodata");
	const btf* types = bpf_object__btf(object);
	std::size_t size = 0;
	auto* data = static_cast<std::uint8_t*>(
	    const_cast<void*>(static_cast<const void*>(bpf_map__initial_value(rodata, &size))));
	const btf_type* section =
	    btf__type_by_id(types, static_cast<__u32>(btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC)));
	const btf_var_secinfo* variables = btf_var_secinfos(section);

	for (const auto& [name, value] : values) {
		bool found = false;
		for (int i = 0; i < btf_vlen(section); i++) {
			const btf_type* variable = btf__type_by_id(types, variables[i].type);
			if (name != btf__name_by_offset(types, variable->name_off))
				continue;
			if (variables[i].size != value.size())
				throw std::runtime_error(cls + ": " + name + " has another size");
			std::copy(value.begin(), value.end(), data + variables[i].offset);
			found = true;
		}
		if (!found && !bpf_object__find_map_by_name(object, name.c_str()))
			throw std::runtime_error(cls + " has no " + name);
	}
}

// "stack depth 32+16", a number for each function: their sum.
unsigned stack_depth(const std::string& log)
{
	constexpr std::string_view before = "stack depth ";
	const std::size_t at = log.find(before);
	unsigned sum = 0;
	if (at != std::string::npos)
		for (std::size_t i = at + before.size() - 1; i < log.size() && (log[i] == ' ' || log[i] == '+');) {
			std::size_t used = 0;
			sum += static_cast<unsigned>(std::stoul(log.substr(i + 1), &used));
			i += 1 + used;
		}
	return sum;
}

} // namespace

Fd::~Fd()
{
	if (fd_ >= 0)
		close(fd_);
}

std::ostream& operator<<(std::ostream& os, const Outcome& o)
{
	os << "verdict " << o.verdict;
	if (o.output)
		os << " (output " << *o.output << ")";
	for (const auto& [reason, count] : o.drops)
		os << ", " << reason << " " << count;
	return os << ", " << o.frame.size() << " bytes";
}

// Compiled and linked as for an NF, once for all the tests of a build.
static loader::Library& library()
{
	static loader::Library library({NFUP_BPF, {}, NFUP_TEST_CACHE});
	return library;
}

std::string object_path(const std::string& cls)
{
	auto found = library().get(cls);
	if (!found)
		throw std::runtime_error(found.error().message);
	if (!*found)
		throw std::runtime_error("there is no class " + cls);
	return (*found)->object.path;
}

std::vector<std::string> classes()
{
	return library().names();
}

Fd exit_program(unsigned verdict)
{
	const bpf_insn code[] = {
	    {.code = BPF_ALU64 | BPF_MOV | BPF_K,
	     .dst_reg = 0,
	     .src_reg = 0,
	     .off = 0,
	     .imm = static_cast<__s32>(verdict)},
	    {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
	return Fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "exit", "GPL", code, 2, &options));
}

std::string Kernel::open()
{
	if (geteuid() != 0)
		return "needs root: it loads BPF programs";
	libbpf_set_print(keep_log);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);

	// The context is per CPU: stay on one.
	cpu_set_t first;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof first, &first);

	slots_ = Fd(bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "slots", 4, 4, NFUP_MAX_SLOTS, nullptr));
	if (slots_.get() < 0 && (errno == EPERM || errno == ENOSYS))
		return std::string("no bpf(2) here: ") + std::strerror(errno);
	contexts_ = Fd(bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "pkt", 4, sizeof(pkt), 1, nullptr));
	counters_ = Fd(bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "counters", 4, sizeof(node_counters),
				      NFUP_MAX_COUNTERS, nullptr));
	ports_ = Fd(bpf_map_create(BPF_MAP_TYPE_DEVMAP, "ports", 4, 4, NFUP_MAX_PORTS, nullptr));
	trace_ = Fd(bpf_map_create(BPF_MAP_TYPE_RINGBUF, "trace", 0, 0, NFUP_TRACE_BYTES, nullptr));
	for (const Fd* map : {&slots_, &contexts_, &counters_, &ports_, &trace_})
		if (map->get() < 0)
			failed("making the framework's maps");
	for (unsigned i = 0; i < NFUP_MAX_OUTPUTS; i++) {
		exits_.push_back(exit_program(1000 + i));
		put(first_exit_slot + i, exits_.back().get());
	}
	return {};
}

Object Kernel::load(const std::string& cls, const Params& params, std::vector<unsigned> out)
{
	Object node;
	Params all = params;
	std::array<std::uint32_t, NFUP_MAX_OUTPUTS> slots_of_outputs;
	std::vector<nfup::Fd> tables;
	bpf_map* map;

	libbpf_log().clear();
	node.object.reset(bpf_object__open_file(object_path(cls).c_str(), nullptr));
	if (!node.object)
		failed(object_path(cls));
	for (unsigned i = 0; i < NFUP_MAX_OUTPUTS; i++)
		slots_of_outputs[i] = i < out.size() ? out[i] : first_exit_slot + i;
	node.node = next_node_++;
	all.set("nfup_out", slots_of_outputs).set("nfup_node", node.node);
	set_rodata(node.object.get(), cls, all.values());

	bpf_object__for_each_map(map, node.object.get())
	{
		std::string name = bpf_map__name(map);
		if (bpf_map__is_internal(map))
			continue;
		const std::map<std::string, int> framework{
		    {"slots", slots_.get()}, {"pkt", contexts_.get()}, {"counters", counters_.get()},
		    {"ports", ports_.get()}, {"trace", trace_.get()},
		};
		if (auto content = all.values().find(name); content != all.values().end()) {
			auto table = loader::make_table(map, content->second);
			if (!table || bpf_map__reuse_fd(map, table->get()))
				failed(cls + ": table " + name);
			tables.push_back(*std::move(table));
			continue;
		}
		auto it = framework.find(name);
		if (it == framework.end() && !states_.contains(name)) {
			const auto own = capacities_.find(name);
			const unsigned room = own == capacities_.end() ? bpf_map__max_entries(map) : own->second;
			LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = bpf_map__map_flags(map));
			states_[name] = Fd(bpf_map_create(bpf_map__type(map), name.c_str(), bpf_map__key_size(map),
							  bpf_map__value_size(map), room, &options));
		}
		if (bpf_map__reuse_fd(map, it == framework.end() ? states_[name].get() : it->second))
			failed(cls + ": map " + name);
	}
	bpf_program* program = bpf_object__next_program(node.object.get(), nullptr);
	bpf_program* entry = bpf_object__find_program_by_name(node.object.get(), cls.c_str());
	constexpr unsigned statistics = 4; // BPF_LOG_STATS
	std::array<char, 4096> log{};
	if (entry) {
		bpf_program__set_log_level(entry, statistics);
		bpf_program__set_log_buf(entry, log.data(), log.size());
	}
	if (bpf_object__load(node.object.get()))
		failed("loading " + cls);
	node.stack = stack_depth(log.data());
	for (const nfup::Fd& table : tables)
		if (!loader::freeze_table(table))
			failed(cls + ": freezing a table");
	node.program = bpf_program__fd(program);
	return node;
}

void Kernel::put(unsigned slot, int program)
{
	if (bpf_map_update_elem(slots_.get(), &slot, &program, BPF_ANY))
		failed("filling slot " + std::to_string(slot));
}

void Kernel::clear(unsigned slot)
{
	bpf_map_delete_elem(slots_.get(), &slot);
}

node_counters Kernel::read_counters(unsigned node) const
{
	std::vector<node_counters> per_cpu(cpus());
	node_counters sum{};

	if (bpf_map_lookup_elem(counters_.get(), &node, per_cpu.data()))
		failed("reading counters");
	for (const auto& c : per_cpu) {
		sum.packets += c.packets;
		sum.bytes += c.bytes;
		for (int i = 0; i < NFUP_MAX_REASONS; i++)
			sum.drops[i] += c.drops[i];
	}
	return sum;
}

std::map<std::string, std::uint64_t> Kernel::drops(const Object& node) const
{
	std::map<std::string, std::uint64_t> drops;
	node_counters sum = read_counters(node.node);
	for (int i = 0; i < NFUP_DROP_COUNT; i++)
		if (sum.drops[i])
			drops[reason_names[i]] = sum.drops[i];
	return drops;
}

void Kernel::set_context(const pkt& context)
{
	std::vector<pkt> contexts(cpus(), context);
	std::uint32_t zero = 0;
	if (bpf_map_update_elem(contexts_.get(), &zero, contexts.data(), BPF_ANY))
		failed("writing the packet context");
}

unsigned Kernel::nanoseconds(int program, const Bytes& frame, const pkt& context, int repeat)
{
	set_context(context);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(),
		    .data_size_in = static_cast<__u32>(frame.size()), .repeat = repeat);
	if (bpf_prog_test_run_opts(program, &options))
		failed("test run");
	return options.duration;
}

Outcome Kernel::run(const Object& node, const Bytes& frame, const pkt& context)
{
	Outcome outcome;
	Bytes out(frame.size() + 512);
	std::vector<pkt> contexts(cpus());
	std::uint32_t zero = 0;
	node_counters before = read_counters(node.node), after;
	auto drops_before = drops(node);

	set_context(context);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.data(),
		    .data_size_in = static_cast<__u32>(frame.size()), .data_size_out = static_cast<__u32>(out.size()));
	if (bpf_prog_test_run_opts(node.program, &options))
		failed("test run of " + std::to_string(frame.size()) + " bytes");
	outcome.verdict = options.retval;
	if (outcome.verdict >= 1000 && outcome.verdict < 1000 + NFUP_MAX_OUTPUTS)
		outcome.output = static_cast<int>(outcome.verdict - 1000);
	out.resize(options.data_size_out);
	outcome.frame = std::move(out);
	if (bpf_map_lookup_elem(contexts_.get(), &zero, contexts.data()))
		failed("reading the packet context");
	outcome.context = contexts[0];

	after = read_counters(node.node);
	outcome.packets = after.packets - before.packets;
	outcome.bytes = after.bytes - before.bytes;
	for (const auto& [reason, count] : drops(node))
		if (count != drops_before[reason])
			outcome.drops[reason] = count - drops_before[reason];
	if (outcome.packets != 1 || outcome.bytes != frame.size())
		throw std::runtime_error("the node did not count this packet and its bytes");
	return outcome;
}

} // namespace nfup::test
