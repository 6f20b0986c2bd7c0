//! The OpenAPI document, made from the endpoints themselves.

use crate::auth::TENANT_HEADER;
use crate::problem::Problem;
use crate::v1;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

/// The document that `/v1/openapi.json` serves.
pub fn document() -> OpenApi {
    let mut document = Base::openapi();
    document.merge(v1::quick().into_openapi());
    document.merge(v1::uploads().into_openapi());
    each_operation(&mut document, |operation| {
        needs_key(operation);
        if !has_tag(operation, "operator") {
            takes_tenant(operation);
        }
    });
    document.merge(v1::open().into_openapi());
    each_operation(&mut document, may_fail);
    document
}

fn each_operation(document: &mut OpenApi, mut change: impl FnMut(&mut Operation)) {
    for item in document.paths.paths.values_mut() {
        let PathItem { get, put, post, delete, .. } = item;
        for operation in [get, put, post, delete].into_iter().flatten() {
            change(operation);
        }
    }
}

fn has_tag(operation: &Operation, tag: &str) -> bool {
    operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|found| found == tag))
}

fn needs_key(operation: &mut Operation) {
    operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("key", [])]);
}

/// An operator's key has to say for which tenant it acts.
fn takes_tenant(operation: &mut Operation) {
    let header = ParameterBuilder::new()
        .name(TENANT_HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Name or id of the tenant; needed with an operator's key only."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build();
    operation.parameters.get_or_insert_with(Vec::new).push(RefOr::T(header));
}

fn may_fail(operation: &mut Operation) {
    let response = ResponseBuilder::new()
        .description("What went wrong and what to do.")
        .content(
            "application/problem+json",
            Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem")))),
        )
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Strowger",
        description = "A contact-center runtime. Times are milliseconds since 1970-01-01T00:00:00Z; \
                       errors are RFC 9457 problem details. A tenant's key acts in its tenant; an \
                       operator's key names one in the header `Strowger-Tenant` (name or id).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(Problem)),
    modifiers(&Bearer)
)]
struct Base;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_with(Default::default);
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key: `sk_PREFIX_SECRET`."))
            .build();
        components.add_security_scheme("key", SecurityScheme::Http(scheme));
    }
}
