"""JSON Schemas of the policy files, so that editors complete and check while a person types (POL1)."""

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from adapters.policy_files.folder import KINDS

FOLDER = ".schemas"


def schemas() -> dict[str, str]:
    """File name to the text of the schema, one for each kind of policy."""
    return {f"{kind}.schema.json": _text(kind) for kind in KINDS}


def write_schemas(policies: Path | str) -> list[Path]:
    """Write the schemas below a policy folder; what they replaced or created is returned."""
    folder = Path(policies) / FOLDER
    folder.mkdir(exist_ok=True)
    written = []
    for name, text in schemas().items():
        target = folder / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            target.write_text(text, encoding="utf-8")
            written.append(target)
    return written


def _text(kind: str) -> str:
    schema: dict[str, Any] = KINDS[kind].model_json_schema(by_alias=True, schema_generator=_Schema)
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **schema}
    schema["required"] = ["kind", *(key for key in schema.get("required", []) if key != "kind")]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


class _Schema(GenerateJsonSchema):
    """Without titles, which only repeat the names of the keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False
