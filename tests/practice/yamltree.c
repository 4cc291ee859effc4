#include "yamltree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "util.h"

static cJSON *scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;
	char *end;
	double number;

	if (node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return cJSON_CreateString(text);
	if (!*text || str_eq(text, "~") || str_eq(text, "null"))
		return cJSON_CreateNull();
	if (str_eq(text, "true") || str_eq(text, "false"))
		return cJSON_CreateBool(str_eq(text, "true"));
	number = strtod(text, &end);
	if (!*end && strspn(text, "+-.0123456789eE") == strlen(text))
		return cJSON_CreateNumber(number);
	return cJSON_CreateString(text);
}

static cJSON *convert(yaml_document_t *doc, const yaml_node_t *node, int depth)
{
	cJSON *out;

	if (!node || depth > 64)
		return NULL;
	if (node->type == YAML_SCALAR_NODE)
		return scalar(node);
	if (node->type == YAML_SEQUENCE_NODE) {
		yaml_node_item_t *at = node->data.sequence.items.start;

		out = cJSON_CreateArray();
		for (; at < node->data.sequence.items.top; at++)
			cJSON_AddItemToArray(
				out,
				convert(doc, yaml_document_get_node(doc, *at),
					depth + 1));
		return out;
	}
	out = cJSON_CreateObject();
	for (yaml_node_pair_t *at = node->data.mapping.pairs.start;
	     at < node->data.mapping.pairs.top; at++) {
		yaml_node_t *key = yaml_document_get_node(doc, at->key);
		cJSON *value = convert(
			doc, yaml_document_get_node(doc, at->value), depth + 1);

		if (key && key->type == YAML_SCALAR_NODE && value)
			cJSON_AddItemToObject(
				out, (const char *)key->data.scalar.value,
				value);
		else
			cJSON_Delete(value);
	}
	return out;
}

cJSON *yaml_parse(const char *text, size_t len)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	cJSON *out = NULL;

	if (!yaml_parser_initialize(&parser))
		return NULL;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	if (yaml_parser_load(&parser, &doc)) {
		out = convert(&doc, yaml_document_get_root_node(&doc), 0);
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
	return out;
}
