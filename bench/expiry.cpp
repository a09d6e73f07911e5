// SPDX-License-Identifier: BSD-2-Clause
// Ways for a table to forget: what a new flow costs, who is refused, who is lost,
// how long the longest stay in the softirq is. CSV on stdout:
//
//	expiry [ENTRIES…]    65536 and 1000000 if none are given
//
// `live`: how many of the table's entries are alive at a time; `half` and `most`
// (90 %) leave room for new ones if the dead go, `flood`: all, nobody dies.
// `ratio`: to a bare insert into a plain hash in the same run.
#include "expiry.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace {

constexpr double hrtimer_bytes = 192; // struct bpf_hrtimer, of its own: 144 in Linux 6.18, of a slab of 192
constexpr std::uint64_t never = std::numeric_limits<std::int64_t>::max();

[[noreturn]] void die(const std::string& what)
{
	std::fprintf(stderr, "expiry: %s: %s\n", what.c_str(), std::strerror(errno));
	std::exit(2);
}

// The programs with tables of a size, one of them loaded.
class Table {
public:
	Table(const std::string& program, const std::string& map, std::uint32_t entries, std::uint64_t life,
	      std::uint32_t policy)
	    : aged_(map == "aged")
	{
		object_ = bpf_object__open_file(NFUP_EXPIRY, nullptr);
		if (!object_)
			die(NFUP_EXPIRY);
		bpf_program* each;
		bpf_object__for_each_program(each, object_)
		    bpf_program__set_autoload(each, bpf_program__name(each) == program);
		bpf_map* table = bpf_object__find_map_by_name(object_, map.c_str());
		bpf_map__set_max_entries(table, entries);
		bpf_map__set_max_entries(bpf_object__find_map_by_name(object_, "aged_QUEUE"), 2 * entries);
		set("life", life);
		set("policy", policy);
		if (bpf_object__load(object_) != 0)
			die("load " + program);
		program_ = bpf_program__fd(bpf_object__find_program_by_name(object_, program.c_str()));
		table_ = bpf_map__fd(table);
		void* shared = mmap(nullptr, sizeof(flow_counts), PROT_READ | PROT_WRITE, MAP_SHARED,
				    bpf_map__fd(bpf_object__find_map_by_name(object_, ".bss")), 0);
		if (shared == MAP_FAILED)
			die("mmap");
		counts = static_cast<volatile flow_counts*>(shared);
	}
	~Table()
	{
		munmap(const_cast<flow_counts*>(counts), sizeof(flow_counts));
		bpf_object__close(object_);
	}
	Table(const Table&) = delete;
	Table& operator=(const Table&) = delete;

	// ns a flow. Softirqs wait for the end of a run, and timers with them: `at_once`.
	unsigned run(std::uint64_t flows, std::uint64_t at_once) const
	{
		std::uint64_t ns = 0;
		for (std::uint64_t n = 0; n < flows; n += at_once)
			ns += run(at_once);
		return static_cast<unsigned>(ns * at_once / flows);
	}
	unsigned run(std::uint64_t flows) const
	{
		char frame[64] = {};
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof frame,
			    .repeat = static_cast<int>(flows));
		if (bpf_prog_test_run_opts(program_, &options) != 0)
			die("test run");
		return options.duration;
	}
	// Of the flows [from, to), how many are in the table.
	std::uint64_t present(std::uint64_t from, std::uint64_t to) const
	{
		std::uint64_t found = 0;
		char value[64];
		for (std::uint64_t n = from; n < to; n++) {
			const flow_key key = flow_of(FIRST_TICK + n);
			found += bpf_map_lookup_elem(table_, &key, value) == 0;
		}
		return found;
	}
	void insert(const flow_key& key, const flow_entry& value) const
	{
		if (bpf_map_update_elem(table_, &key, &value, BPF_ANY) != 0)
			die("insert");
	}
	std::uint64_t memory() const
	{
		std::uint64_t bytes = 0;
		const bpf_map* map;
		bpf_object__for_each_map(map, object_)
		{
			const std::string name = bpf_map__name(map);
			if (bpf_map__fd(map) != table_ && (name != "aged_QUEUE" || !aged_))
				continue;
			std::ifstream info("/proc/self/fdinfo/" + std::to_string(bpf_map__fd(map)));
			for (std::string word; info >> word;)
				if (std::uint64_t n; word == "memlock:" && info >> n)
					bytes += n;
		}
		return bytes;
	}

	volatile flow_counts* counts = nullptr;

private:
	template <class T> void set(const char* name, T value)
	{
		// in the order of expiry.bpf.c's rodata, asked of its BTF
		bpf_map* rodata = bpf_object__find_map_by_name(object_, ".rodata");
		const btf* types = bpf_object__btf(object_);
		std::size_t size = 0;
		auto* data = static_cast<char*>(
		    const_cast<void*>(static_cast<const void*>(bpf_map__initial_value(rodata, &size))));
		const btf_type* section = btf__type_by_id(
		    types, static_cast<__u32>(btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC)));
		const btf_var_secinfo* variable = btf_var_secinfos(section);
		for (int i = 0; i < btf_vlen(section); i++, variable++)
			if (!std::strcmp(name,
					 btf__name_by_offset(types, btf__type_by_id(types, variable->type)->name_off)))
				std::memcpy(data + variable->offset, &value, sizeof value);
	}

	bpf_object* object_ = nullptr;
	int program_ = -1, table_ = -1;
	bool aged_;
};

struct Way {
	const char *name, *program, *map;
	std::uint32_t policy;
};

void row(const char* way, std::uint32_t entries, const char* live, double ns, double bare, double refused, double lost,
	 double softirq_us, double bytes)
{
	std::printf("%s,%u,%s,%.0f,%.2f,%.3f,%.3f,%.0f,%.0f\n", way, entries, live, ns, ns / bare, refused * 100,
		    lost * 100, softirq_us, bytes);
	std::fflush(stdout);
}

void measure(std::uint32_t entries)
{
	unsigned bare = ~0u;
	for (int i = 0; i < 3; i++) {
		const Table table("insert_plain", "plain", entries, never, 0);
		bare = std::min(bare, table.run(entries / 2));
		if (i == 2)
			row("hash", entries, "fresh", bare, bare, 0, 0, 0,
			    static_cast<double>(table.memory()) / entries);
	}
	{
		const Table table("walk", "plain", entries, never, 0);
		flow_entry value{};
		for (std::uint64_t n = 0; n < entries; n++) {
			const flow_key key = flow_of(FIRST_TICK + n);
			value.born = FIRST_TICK + n;
			table.insert(key, value);
		}
		table.run(1);
		row("walk over all", entries, "flood", 0, bare, 0, 0,
		    static_cast<double>(table.counts->longest_ns) / 1e3, 0);
	}
	const Way ways[] = {
	    {"LRU", "insert_lru", "lru", 0},
	    {"queue", "insert_aged", "aged", 0},
	    {"queue, idlest of 8 goes", "insert_aged", "aged", 1},
	    {"queue, first goes", "insert_in_turn", "aged", 1},
	};
	for (const auto& [live, life] :
	     {std::pair{"half", std::uint64_t{entries} / 2}, {"most", entries * 9ull / 10}, {"flood", never}})
		for (const Way& way : ways) {
			const Table table(way.program, way.map, entries, life, way.policy);
			table.run(3ull * entries);
			const std::uint64_t begin = table.counts->ticks, refused = table.counts->refused,
					    count = life == never ? entries : life;
			const unsigned ns = table.run(count);
			const std::uint64_t no = table.counts->refused - refused;
			const double n = static_cast<double>(count);
			// of a flood those of the first table full are the ones that should stay
			const std::uint64_t lost = life == never ? count - table.present(0, count)
								 : count - no - table.present(begin, begin + count);
			row(way.name, entries, live, ns, bare, static_cast<double>(no) / n,
			    static_cast<double>(lost) / n, 0, static_cast<double>(table.memory()) / entries);
		}
	// The clock decides: none of them fires, and then all of them do.
	const Table armed("insert_timed", "timed", entries, 3600'000'000'000, 0);
	const unsigned ns = armed.run(entries / 2);
	const Table firing("insert_timed", "timed", entries, 50'000'000, 0);
	firing.run(entries / 2, 256);
	for (int i = 0; i < 1000 && firing.counts->fired < entries / 2; i++)
		usleep(10'000);
	row("bpf_timer an entry", entries, "fresh", ns, bare, 0, 0,
	    static_cast<double>(firing.counts->longest_ns) / 1e3,
	    static_cast<double>(armed.memory()) / entries + hrtimer_bytes);
}

} // namespace

int main(int argc, char** argv)
{
	if (geteuid() != 0) {
		std::fprintf(stderr, "expiry: needs root: it loads BPF programs\n");
		return 77;
	}
	std::vector<std::uint32_t> sizes;
	for (int i = 1; i < argc; i++)
		sizes.push_back(static_cast<std::uint32_t>(std::atol(argv[i])));
	if (sizes.empty())
		sizes = {65536, 1'000'000};
	std::puts("way,entries,live,ns,ratio,refused_percent,live_lost_percent,softirq_us,bytes_an_entry");
	for (const std::uint32_t entries : sizes)
		measure(entries);
	return 0;
}
