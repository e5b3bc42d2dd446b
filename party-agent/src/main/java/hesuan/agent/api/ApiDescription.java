package hesuan.agent.api;

import io.swagger.v3.oas.annotations.OpenAPIDefinition;
import io.swagger.v3.oas.annotations.enums.SecuritySchemeType;
import io.swagger.v3.oas.annotations.info.Info;
import io.swagger.v3.oas.annotations.security.SecurityRequirement;
import io.swagger.v3.oas.annotations.security.SecurityScheme;

/** The head of the OpenAPI document; its name and version name the generated file. */
@OpenAPIDefinition(
    info =
        @Info(
            title = "Hesuan party agent",
            version = "v1",
            description =
                "Errors are application/problem+json with a stable code and sentences in English and"
                    + " Chinese; docs/api-agent.md explains them. Only the party that runs the agent may call."),
    security = {@SecurityRequirement(name = "token"), @SecurityRequirement(name = "certificate")})
@SecurityScheme(name = "token", type = SecuritySchemeType.HTTP, scheme = "bearer")
@SecurityScheme(name = "certificate", type = SecuritySchemeType.MUTUALTLS)
final class ApiDescription {
  private ApiDescription() {}
}
