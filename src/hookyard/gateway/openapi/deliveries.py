"""The paths of deliveries, in the OpenAPI document."""

from typing import Final

from hookyard.gateway.deliveries.views import (
    DeliveryAttempts,
    DeliveryListQuery,
    DeliveryPage,
    DeliveryRow,
    OneDelivery,
    Resend,
    Resent,
)
from hookyard.gateway.endpoints.bodies import Moved, PurgeCallbacks, RecoverCallbacks
from hookyard.gateway.openapi.parts import BODY, WRITE, Group, Known, Object, in_path, json_body, operation, shown

_TAG: Final = "deliveries"


def _paths(known: Known) -> Object:
    one = in_path("delivery_id", {"type": "string", "format": "uuid"})

    def change(summary: str, description: str) -> Object:
        return operation(
            "post",
            summary,
            known,
            tag=_TAG,
            answers={"200": json_body("How the delivery stands now.", known[DeliveryRow])},
            codes=(*WRITE, "not_found", "delivery_active", "already_terminal", "endpoint_disabled", *BODY),
            parameters=[one],
            description=description,
        )

    def page(summary: str, body: type) -> Object:
        return operation(
            "post",
            summary,
            known,
            tag=_TAG,
            answers={"200": json_body("How far this call came, and where to go on.", known[Moved])},
            codes=(*WRITE, "not_found"),
            body=body,
            description="One page of the work: call again with `next` as `cursor` until it is null.",
        )

    return {
        "/api/v1/deliveries": shown(
            "Deliveries, newest first", DeliveryPage, known, tag=_TAG, parameters=known.parameters(DeliveryListQuery)
        ),
        "/api/v1/deliveries/{delivery_id}": shown(
            "A delivery", OneDelivery, known, "not_found", tag=_TAG, parameters=[one]
        ),
        "/api/v1/deliveries/{delivery_id}/attempts": shown(
            "The tries at a delivery", DeliveryAttempts, known, "not_found", tag=_TAG, parameters=[one]
        ),
        "/api/v1/deliveries/{delivery_id}/resend": change(
            "Send a delivery again", "Under its id; its schedule begins anew. One that is pending is due at once."
        ),
        "/api/v1/deliveries/{delivery_id}/abandon": change(
            "Give a delivery up", "One that is pending or held fails for good, as `abandoned`."
        ),
        "/api/v1/deliveries/resend": operation(
            "post",
            "Send many deliveries again",
            known,
            tag=_TAG,
            answers={"200": json_body("What became of each.", known[Resent])},
            codes=(*WRITE, "not_found"),
            body=Resend,
            description="As for one, up to 100 in one call; what is wrong with one keeps no other from being sent.",
        ),
        "/api/v1/deliveries/recover": page("Send again what failed for good to callback URLs", RecoverCallbacks),
        "/api/v1/deliveries/purge": page("Delete deliveries to callback URLs", PurgeCallbacks),
    }


GROUP = Group(
    kinds=(DeliveryPage, DeliveryRow, OneDelivery, DeliveryAttempts, Resend, Resent, RecoverCallbacks, PurgeCallbacks),
    queries=(DeliveryListQuery,),
    paths=_paths,
)
