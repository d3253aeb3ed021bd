"""What the compiler says, and that what is in git is what it wrote."""

import json
from pathlib import Path
from typing import Any

import pytest

from dev import infra
from tests.infra.conftest import Compiled
from tests.infra.deployment import Deployment
from tests.infra.kept import kept


@pytest.mark.parametrize("template", infra.TEMPLATES)
def test_lint_finds_nothing(compiler: infra.Compiler, template: str) -> None:
    compiler.lint(template)


@pytest.mark.parametrize("parameters", ["private", "graph"])
def test_parameters_build(compiler: infra.Compiler, compiled: Compiled, parameters: str) -> None:
    built = compiler.build_parameters(parameters)
    template = infra.without_generator(json.loads(built["templateJson"]))
    assert template == compiled.templates[infra.PARAMETERS[parameters]]
    given = json.loads(built["parametersJson"])["parameters"]
    assert given.keys() <= template["parameters"].keys()


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("parameters", ["public", "private"])
def test_what_would_be_deployed_is_what_was_reviewed(compiled: Compiled, parameters: str) -> None:
    """`bicep snapshot --mode validate`."""
    assert compiled.complaints[parameters] == "", "run `make infra`, read the difference"


def test_what_would_be_granted_is_what_was_reviewed(compiled: Compiled) -> None:
    """What validate is for the other layer: it crashes on resources of Graph, which have no id."""
    assert compiled.snapshots["graph"] == kept(infra.snapshot_file("graph")), "run `make infra`, read the difference"


@pytest.mark.parametrize("template", infra.TEMPLATES)
def test_templates_in_git_are_fresh(compiled: Compiled, template: str) -> None:
    assert compiled.templates[template] == kept(infra.COMPILED / f"{template}.json"), "run `make infra`"


def test_sources_are_those_that_were_compiled() -> None:
    """The only word on freshness where there is no compiler."""
    assert kept(infra.MANIFEST)["sources"] == infra.sources(), "run `make infra` where there is a compiler"


@pytest.mark.parametrize("parameters", infra.PARAMETERS)
def test_nothing_was_left_undecided(compiled: Compiled, parameters: str) -> None:
    assert compiled.snapshots[parameters]["diagnostics"] == []


def test_a_second_deployment_changes_nothing(compiler: infra.Compiler, compiled: Compiled, tmp_path: Path) -> None:
    """Twice the same, to the letter, with everything that can be switched on."""
    assert json.dumps(compiler.snapshot("private", tmp_path)) == json.dumps(compiled.snapshots["private"])


@pytest.mark.parametrize("parameters", infra.PARAMETERS)
def test_what_is_new_each_time_reaches_only_what_is_left_alone(compiled: Compiled, parameters: str) -> None:
    """newGuid() makes the secret; one that exists is left alone (the check the_secret_is_written_once)."""
    resources = compiled.snapshots[parameters]["predictedResources"]
    restless = {each["type"] for each in resources if "newGuid" in json.dumps(each) or "utcNow" in json.dumps(each)}
    assert restless <= {"Microsoft.KeyVault/vaults/secrets"}


def test_growing_old_is_told_and_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = "main.bicep(1,1) : Warning use-recent-api-versions: Use more recent API version for 'x'."
    sloppy = "main.bicep(2,1) : Warning no-unused-params: Parameter 'x' is declared but never used."
    for number, lines in enumerate(((old,), (old, sloppy))):
        script = tmp_path / f"bicep{number}"
        script.write_text("#!/bin/sh\n" + "".join(f'echo "{line}" >&2\n' for line in lines) + "echo out\n")
        script.chmod(0o755)
    assert infra.Compiler(tmp_path / "bicep0").run("build") == "out\n"
    assert old in capsys.readouterr().err
    with pytest.raises(infra.CompilerComplains, match="no-unused-params"):
        infra.Compiler(tmp_path / "bicep1").run("build")


def test_a_warning_is_a_failure(compiler: infra.Compiler, tmp_path: Path) -> None:
    """The compiler exits 0 with warnings."""
    sloppy = tmp_path / "sloppy.bicep"
    sloppy.write_text("param unused string\n")
    with pytest.raises(infra.CompilerComplains, match="no-unused-params"):
        compiler.run("build", str(sloppy), "--stdout")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"BICEP": "/opt/bicep", "PATH": "{bin}"}, "/opt/bicep"),
        ({"PATH": "{bin}"}, "{bin}/bicep"),
        ({"PATH": "", "AZURE_CONFIG_DIR": "{azure}"}, "{azure}/bin/bicep"),
        ({"PATH": "", "AZURE_CONFIG_DIR": "/nowhere"}, None),
    ],
)
def test_the_compiler_is_looked_for(environment: dict[str, str], expected: str | None, tmp_path: Path) -> None:
    places = {"bin": str(tmp_path / "bin"), "azure": str(tmp_path / "azure")}
    for folder in (tmp_path / "bin", tmp_path / "azure" / "bin"):
        folder.mkdir(parents=True)
        (folder / "bicep").touch(mode=0o755)
    found = infra.find_bicep({name: value.format(**places) for name, value in environment.items()})
    assert (str(found) if found else None) == (expected.format(**places) if expected else None)


def parameters_of(deployment: Deployment) -> dict[str, Any]:
    return dict(deployment.template["parameters"])


def test_every_parameter_says_whether_one_needs_it(public: Deployment, graph_layer: Deployment) -> None:
    words = ("Required. ", "Optional. ", "Conditional. ", "Leave it out. ")
    for deployment in (public, graph_layer):
        for name, parameter in parameters_of(deployment).items():
            assert parameter["metadata"]["description"].startswith(words), name


def test_every_number_and_text_has_bounds(public: Deployment) -> None:
    for name, parameter in parameters_of(public).items():
        if parameter["type"] == "int":
            bounded = {"minValue", "maxValue"} <= parameter.keys() or "allowedValues" in parameter
        else:
            bounded = parameter["type"] != "string" or bool({"maxLength", "allowedValues"} & parameter.keys())
        assert bounded or name == "location", name


def test_silence_about_a_missing_compiler_is_impossible() -> None:
    """`make test` ends with this line; with xdist the summary of pytest does not hear of it."""
    assert "WAS NOT COMPILED" in infra.word_on_the_compiler({"PATH": "", "AZURE_CONFIG_DIR": "/nowhere"})
    assert infra.word_on_the_compiler({"BICEP": "/opt/bicep"}) == "infra/ was compiled, with /opt/bicep"
    recipe = (infra.ROOT / "Makefile").read_text().partition("\ntest:")[2].partition("\n\n")[0]
    assert "dev.infra --compiler" in recipe
