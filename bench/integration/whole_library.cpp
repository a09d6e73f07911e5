// SPDX-License-Identifier: BSD-2-Clause
// The other way to integrate a module: compile the whole library and load all of
// it. Prints JSON: classes, compile_ms (on all cores), load_ms.
//
//	whole_library CACHE [LIB…]    CACHE should be empty; LIB: user folders
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "loader/bpf_object.h"
#include "loader/class_library.h"
#include "loader/describe.h"
#include "loader/program.h"

namespace nfup::bench {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start)
{
	return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// The maps of one imagined NF, by name: each is made by the first that wants it.
class Maps {
public:
	Result<std::map<std::string, int>> of(const loader::Library::Class& cls)
	{
		auto object = loader::open_object(cls.object.path, cls.info.name);
		if (!object)
			return pass(object);
		std::map<std::string, int> fds;
		bpf_map* map;
		bpf_object__for_each_map(map, object->get())
		{
			const std::string name = bpf_map__name(map);
			if (bpf_map__is_internal(map))
				continue;
			auto known = made_.find(name);
			if (known == made_.end() || !loader::is_framework_map(name)) {
				auto made = loader::create_maps(cls.object.path, {name});
				if (!made)
					return pass(made);
				known = made_.insert_or_assign(name, std::move(made->at(name))).first;
			}
			fds[name] = known->second.get();
		}
		return fds;
	}

private:
	std::map<std::string, Fd> made_;
};

Result<nlohmann::json> run(const std::filesystem::path& cache, std::vector<std::filesystem::path> user)
{
	auto bpf = loader::find_bpf_folder();
	if (!bpf)
		return pass(bpf);
	auto start = Clock::now();
	loader::Library library({*bpf, std::move(user), cache});
	const auto names = library.names();
	library.prepare(names, false);
	for (const auto& name : names)
		if (auto cls = library.get(name); !cls)
			return pass(cls);
	const double compile_ms = ms_since(start);
	Maps maps;
	std::vector<Fd> loaded;
	double load_ms = 0;
	for (const auto& name : names) {
		const loader::Library::Class& cls = **library.get(name);
		auto fds = maps.of(cls);
		if (!fds)
			return pass(fds);
		start = Clock::now();
		auto program = loader::load_program({cls.object.path, name, name, {}, *fds});
		load_ms += ms_since(start);
		if (!program)
			return pass(program);
		loaded.push_back(std::move(*program));
	}
	return nlohmann::json{{"classes", names.size()},
			      {"compiled", library.compiled().size()},
			      {"compile_ms", compile_ms},
			      {"load_ms", load_ms}};
}

} // namespace
} // namespace nfup::bench

int main(int argc, char** argv)
{
	if (argc < 2) {
		std::fprintf(stderr, "usage: whole_library CACHE [LIB…]\n");
		return 1;
	}
	const auto result = nfup::bench::run(argv[1], {argv + 2, argv + argc});
	if (!result) {
		std::fprintf(stderr, "whole_library: %s\n", result.error().message.c_str());
		return static_cast<int>(result.error().kind);
	}
	std::printf("%s\n", result->dump().c_str());
	return 0;
}
