// SPDX-License-Identifier: BSD-2-Clause
#include "describe.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <map>
#include <memory>
#include <set>
#include <sstream>

#include "bpf_object.h"
#include "fd.h"
#include "intent/hash.h"

namespace nfup::loader {

namespace {

using intent::ClassInfo;

std::string trim(std::string text)
{
	const auto first = text.find_first_not_of(' ');
	if (first == std::string::npos)
		return {};
	return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> split(const std::string& text, char separator)
{
	std::vector<std::string> parts;
	std::stringstream stream(text);
	for (std::string part; std::getline(stream, part, separator);)
		parts.push_back(trim(part));
	return parts;
}

std::vector<intent::Output> parse_outputs(const std::string& text)
{
	std::vector<intent::Output> outputs;
	for (std::string name : split(text, ',')) {
		intent::Output output;
		if (name.ends_with('?'))
			output.optional = true;
		if (name.ends_with('*'))
			output.repeated = true;
		if (output.optional || output.repeated)
			name.pop_back();
		output.name = name;
		outputs.push_back(output);
	}
	return outputs;
}

Result<std::vector<intent::Fact>> parse_facts(const std::string& text, const std::string& cls)
{
	std::vector<intent::Fact> facts;
	for (const std::string& word : split(text, ',')) {
		const auto at = word.find('@');
		intent::Fact fact{word.substr(0, at), -1};
		if (at != std::string::npos) {
			if (at + 1 == word.size() || word.find_first_not_of("0123456789", at + 1) != std::string::npos)
				return fail(ErrorKind::intent, "class " + cls + ": bad fact '" + word + "'",
					    "write fact or fact@OUTPUT, as in ip-header@0");
			fact.out = std::stoi(word.substr(at + 1));
		}
		facts.push_back(fact);
	}
	return facts;
}

// "2|size|!|0..2047|bytes to skip" → order and parameter
Result<std::pair<int, intent::Param>> parse_param(const std::string& name, const std::string& text)
{
	std::vector<std::string> field;
	std::size_t start = 0;
	for (int i = 0; i < 4; i++) {
		const auto bar = text.find('|', start);
		if (bar == std::string::npos)
			return fail(ErrorKind::intent, "parameter " + name + " is not declared with NFUP_PARAM");
		field.push_back(text.substr(start, bar - start));
		start = bar + 1;
	}
	intent::Param param;
	param.name = name;
	param.type = trim(field[1]);
	if (field[2] != "!")
		param.fallback = field[2];
	param.range = trim(field[3]);
	param.doc = text.substr(start);
	return std::pair{std::stoi(field[0]), param};
}

// What the maps of the object say: state for an atom, a refusal for a module.
Result<void> check_maps(bpf_object* object, const std::set<std::string>& tables, ClassInfo& info)
{
	bpf_map* map;
	bpf_object__for_each_map(map, object)
	{
		std::string name = bpf_map__name(map);
		if (bpf_map__is_internal(map)) {
			if (name.ends_with(".bss") || name.ends_with(".data"))
				return fail(
				    ErrorKind::intent,
				    "class " + info.name + " (" + info.source + ") keeps state in writable globals",
				    "make them const, or put the state into a map of an atom (NFUP_ATOM, NFUP_STATE)");
			continue;
		}
		if (is_framework_map(name))
			continue;
		if (tables.contains(name) && (bpf_map__map_flags(map) & BPF_F_RDONLY_PROG))
			continue;
		if (info.kind == intent::ClassKind::module)
			return fail(ErrorKind::intent,
				    "module " + info.name + " (" + info.source + ") owns the map '" + name +
					"', but a module keeps no state",
				    "declare it as an atom: NFUP_ATOM(" + info.name + ", …) with NFUP_STATE(" + name +
					", …)");
		info.state.push_back(name);
	}
	return {};
}

struct Layout {
	unsigned offset;
	unsigned size;
};

std::map<std::string, Layout> rodata_layout(const btf* types)
{
	std::map<std::string, Layout> layout;
	const __s32 id = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
	if (id < 0)
		return layout;
	const btf_type* section = btf__type_by_id(types, static_cast<__u32>(id));
	const btf_var_secinfo* variable = btf_var_secinfos(section);
	for (int i = 0; i < btf_vlen(section); i++, variable++) {
		const btf_type* var = btf__type_by_id(types, variable->type);
		layout[btf__name_by_offset(types, var->name_off)] = {variable->offset, variable->size};
	}
	return layout;
}

} // namespace

bool is_framework_map(const std::string& name)
{
	static const std::set<std::string> names = {"slots", "pkt", "counters", "ports"};
	return names.contains(name);
}

Result<ClassInfo> describe(const std::filesystem::path& path, const std::string& name,
			   const std::filesystem::path& source)
{
	auto object = open_object(path, name);
	if (!object)
		return pass(object);
	const btf* types = bpf_object__btf(object->get());
	if (!types)
		return fail(ErrorKind::intent, source.string() + " has no BTF");

	ClassInfo info;
	info.name = name;
	info.source = source;
	bool described = false;
	std::set<std::string> tables;
	std::map<int, intent::Param> params; // by place in the file
	const auto layout = rodata_layout(types);

	for (__u32 id = 1; id < btf__type_cnt(types); id++) {
		const btf_type* tag = btf__type_by_id(types, id);
		if (!btf_is_decl_tag(tag))
			continue;
		const std::string text = btf__name_by_offset(types, tag->name_off);
		const std::string target = btf__name_by_offset(types, btf__type_by_id(types, tag->type)->name_off);
		const auto equals = text.find('=');
		if (!text.starts_with("nfup.") || equals == std::string::npos)
			continue;
		const std::string what = text.substr(5, equals - 5), value = text.substr(equals + 1);
		if (what == "kind") {
			described = true;
			if (target != name)
				return fail(ErrorKind::intent, source.string() + " declares the class " + target,
					    "name the file after its class: " + target + ".bpf.c");
			info.kind = value == "atom" ? intent::ClassKind::atom : intent::ClassKind::module;
		} else if (what == "doc") {
			info.doc = value;
		} else if (what == "outputs") {
			info.outputs = parse_outputs(value);
		} else if (what == "inputs") {
			info.inputs = std::stoi(value);
		} else if (what == "table") {
			tables.insert(target);
		} else if (what == "requires" || what == "provides") {
			auto facts = parse_facts(value, name);
			if (!facts)
				return pass(facts);
			(what == "requires" ? info.requires_ : info.provides) = *facts;
		} else if (what == "param") {
			auto param = parse_param(target, value);
			if (!param)
				return pass(param);
			const auto place = layout.find(target);
			if (place == layout.end())
				return fail(ErrorKind::intent,
					    "class " + name + ": parameter " + target + " is not in .rodata",
					    "declare it with NFUP_PARAM at file scope");
			param->second.offset = place->second.offset;
			param->second.size = place->second.size;
			params.insert(*param);
		}
	}
	if (!described)
		return fail(ErrorKind::intent, source.string() + " declares no class",
			    "use NFUP_MODULE(" + name + ", \"…\") or NFUP_ATOM(" + name + ", \"…\")");
	for (auto& [place, param] : params)
		info.params.push_back(std::move(param));
	if (auto checked = check_maps(object->get(), tables, info); !checked)
		return pass(checked);
	return info;
}

Result<std::string> code_hash(const std::filesystem::path& path)
{
	elf_version(EV_CURRENT);
	Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd)
		return fail_errno(errno, "cannot read " + path.string());
	std::unique_ptr<Elf, int (*)(Elf*)> elf(elf_begin(fd.get(), ELF_C_READ, nullptr), elf_end);
	std::size_t names = 0;
	if (!elf || elf_getshdrstrndx(elf.get(), &names) != 0)
		return fail(ErrorKind::system, path.string() + " is not an ELF object", "remove it: it is made anew");

	Hasher hasher;
	for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
		GElf_Shdr header;
		if (!gelf_getshdr(section, &header))
			continue;
		const std::string name = elf_strptr(elf.get(), names, header.sh_name);
		const bool code = header.sh_type == SHT_PROGBITS && (header.sh_flags & SHF_ALLOC) && header.sh_size > 0;
		const bool relocations = header.sh_type == SHT_REL && name.find("BTF") == std::string::npos &&
					 name.find("debug") == std::string::npos;
		if (!code && !relocations)
			continue;
		hasher.add(name);
		const Elf_Data* data = elf_getdata(section, nullptr);
		if (!data || !data->d_buf)
			continue;
		if (code) {
			hasher.add(std::string_view(static_cast<const char*>(data->d_buf), data->d_size));
			continue;
		}
		// By symbol name: the symbol's index moves when debug information does.
		Elf_Scn* table = elf_getscn(elf.get(), header.sh_link);
		GElf_Shdr table_header;
		const Elf_Data* symbols = elf_getdata(table, nullptr);
		if (!symbols || !gelf_getshdr(table, &table_header))
			continue;
		for (std::size_t i = 0; i < header.sh_size / header.sh_entsize; i++) {
			GElf_Rel relocation;
			GElf_Sym symbol;
			if (!gelf_getrel(const_cast<Elf_Data*>(data), static_cast<int>(i), &relocation) ||
			    !gelf_getsym(const_cast<Elf_Data*>(symbols),
					 static_cast<int>(GELF_R_SYM(relocation.r_info)), &symbol))
				continue;
			hasher.add(relocation.r_offset)
			    .add(elf_strptr(elf.get(), table_header.sh_link, symbol.st_name));
		}
	}
	return hasher.hex();
}

} // namespace nfup::loader
