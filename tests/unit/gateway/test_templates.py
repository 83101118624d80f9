"""Path templates: what they take, what they give, and that one leads back to the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.routes.templates import Template, TemplateError, split_path, template_of

NAME = ("name",)


def given_by(template: Template, path: str) -> dict[tuple[str, ...], str] | None:
    """What a path gives each field; None if it is another template's."""
    segments, verb = split_path(path.encode())
    if (len(segments), verb) != (len(template.segments), template.verb):
        return None
    values = template.variables_in(segments)
    return None if values is None else dict(values)


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/v1/products", "/v1/products", {}),
        ("/v1/{name}", "/v1/a", {NAME: "a"}),
        ("/v1/{name=stores/*/orders/*}", "/v1/stores/a/orders/b", {NAME: "stores/a/orders/b"}),
        ("/v1/{name=customers/*/wallet}", "/v1/customers/a/wallet", {NAME: "customers/a/wallet"}),
        ("/v1/{a.b=stores/*}:sing", "/v1/stores/x:sing", {("a", "b"): "stores/x"}),
        ("/v1/{name=stores/*}/orders:place", "/v1/stores/x/orders:place", {NAME: "stores/x"}),
        ("/v1/{a=x/*}/{b=y/*}", "/v1/x/1/y/2", {("a",): "x/1", ("b",): "y/2"}),
        ("/v1/{name=stores/*}", "/v1/stores/%C3%A9", {NAME: "stores/é"}),
        ("/v1/{name=stores/*}", "/v1/stores/a%2fb", {NAME: "stores/a%2fb"}),
        ("/v1/{name=stores/*}", "/v1/stores/a:b", None),
        ("/v1/{name=stores/*}", "/v1/stores/a/b", None),
        ("/v1/{name=stores/*}", "/v1/stores/", None),
        ("/v1/{name=stores/*}", "/v1/shops/a", None),
        ("/v1/{name=stores/*}:sing", "/v1/stores/a", None),
    ],
)
def test_a_path_gives_a_template_its_fields(
    template: str, path: str, values: dict[tuple[str, ...], str] | None
) -> None:
    assert given_by(template_of(template), path) == values


@pytest.mark.parametrize("text", ["v1/x", "/v1/**", "/v1/{name=a/**}", "/v1/{Name}", "/v1/{a=}"])
def test_a_template_that_can_not_be_served_is_a_mistake(text: str) -> None:
    with pytest.raises(TemplateError):
        template_of(text)


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1))
def test_a_path_that_was_made_of_a_name_gives_it_back(part: str) -> None:
    template = template_of("/v1/{name=stores/*/orders/*}:cancel")
    name = f"stores/{part}/orders/{part}"
    path = template.path({NAME: name})
    assert path.isascii()
    if "%2f" not in part.lower():
        assert given_by(template, path) == {NAME: name}
