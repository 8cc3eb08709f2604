"""The reference page of schemes."""

import pytest
from tests.docs.test_documents import ROOT, Block, blocks

from hookyard.config import loads
from hookyard.config.model import SecretSettings, TemplateScheme
from hookyard.inbound.presets.table import markdown
from hookyard.inbound.template import compile_template

PAGE = ROOT / "docs" / "reference" / "schemes.md"
SHOWN = [block for block in blocks(PAGE) if block.language == "yaml"]


def test_the_page_ends_with_the_presets_as_their_files_have_them() -> None:
    written = "`python -m hookyard.inbound.presets` prints what stands under the last heading"
    assert PAGE.read_text(encoding="utf-8").endswith("\n\n" + markdown()), written


@pytest.mark.parametrize("block", SHOWN, ids=range(len(SHOWN)))
def test_every_template_shown_compiles_and_takes_its_secret(block: Block) -> None:
    config = loads(block.text, name="schemes.md", environ={})
    for source in config.sources.values():
        assert isinstance(source.scheme, TemplateScheme)
        template = compile_template(source.scheme)
        for secret in source.secrets:
            given = secret.value if isinstance(secret, SecretSettings) else secret
            assert template.load(given.reveal())
