"""A foreign gRPC peer (Debian's python3-grpcio and python3-protobuf) that speaks echo.proto, as a server or as a client.

  echo.py serve DESCRIPTOR            prints its port, serves until standard input ends
  echo.py call DESCRIPTOR ADDRESS     calls every kind of method of the server there; prints what went wrong, or "ok"
DESCRIPTOR: a file with echo.proto's FileDescriptorProto, as generated code carries it.
"""
import sys
import time
from concurrent import futures

import grpc
from google.protobuf import descriptor_pool, message_factory

SERVICE = "distbp.tests.Echo"


def messages(path):
    pool = descriptor_pool.DescriptorPool()
    with open(path, "rb") as file:
        pool.AddSerializedFile(file.read())
    factory = message_factory.MessageFactory(pool)
    return [factory.GetPrototype(pool.FindMessageTypeByName(f"distbp.tests.{name}")) for name in ("EchoRequest", "EchoResponse")]


def answer(Response, request, number, context):
    if request.delay_milliseconds:
        time.sleep(request.delay_milliseconds / 1000)
    if request.status:
        context.abort([code for code in grpc.StatusCode if code.value[0] == request.status][0], request.text)
    return Response(text=request.text, payload=request.payload, number=number)


def serve(Request, Response):
    def unary(request, context):
        sent = dict(context.invocation_metadata())
        if "echo" in sent:
            context.send_initial_metadata((("echo", sent["echo"]),))
        if "echo-bin" in sent:
            context.set_trailing_metadata((("echo-bin", sent["echo-bin"]),))
        return answer(Response, request, 0, context)

    def server_stream(request, context):
        for i in range(request.count):
            yield answer(Response, request, i, context)

    def client_stream(requests, context):
        every = list(requests)
        return Response(text="".join(r.text for r in every), payload=b"".join(r.payload for r in every), number=len(every))

    def duplex(requests, context):
        for number, request in enumerate(requests):
            yield answer(Response, request, number, context)

    coding = dict(request_deserializer=Request.FromString, response_serializer=Response.SerializeToString)
    server = grpc.server(futures.ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {
        "Unary": grpc.unary_unary_rpc_method_handler(unary, **coding),
        "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream, **coding),
        "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream, **coding),
        "Duplex": grpc.stream_stream_rpc_method_handler(duplex, **coding),
    }),))
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(None)


def call(Request, Response, address):
    channel = grpc.insecure_channel(address)
    coding = dict(request_serializer=Request.SerializeToString, response_deserializer=Response.FromString)
    unary = channel.unary_unary(f"/{SERVICE}/Unary", **coding)
    server_stream = channel.unary_stream(f"/{SERVICE}/ServerStream", **coding)
    client_stream = channel.stream_unary(f"/{SERVICE}/ClientStream", **coding)
    duplex = channel.stream_stream(f"/{SERVICE}/Duplex", **coding)
    patience = 20

    large = bytes(range(256)) * (15 << 10)
    assert unary(Request(text="größer", payload=large), timeout=patience) == Response(text="größer", payload=large), "unary"
    assert [r.number for r in server_stream(Request(count=100), timeout=patience)] == list(range(100)), "server stream"
    assert list(server_stream(Request(count=0), timeout=patience)) == [], "empty server stream"
    assert client_stream((Request(text="x") for _ in range(100)), timeout=patience) == Response(text="x" * 100, number=100), "client stream"
    both = duplex((Request(text=str(i)) for i in range(100)), timeout=patience)
    assert [(r.text, r.number) for r in both] == [(str(i), i) for i in range(100)], "duplex"

    result, done = unary.with_call(Request(), timeout=patience, metadata=(("echo", "a value"), ("echo-bin", b"\x00\xff\x80")))
    assert dict(done.initial_metadata())["echo"] == "a value", "initial metadata"
    assert dict(done.trailing_metadata())["echo-bin"] == b"\x00\xff\x80", "trailing metadata"

    for code in grpc.StatusCode:
        if code != grpc.StatusCode.OK:
            expect(lambda: unary(Request(status=code.value[0], text="100 % größer\nas ever"), timeout=patience), code, "100 % größer\nas ever")
    expect(lambda: unary(Request(delay_milliseconds=60_000), timeout=0.2), grpc.StatusCode.DEADLINE_EXCEEDED)
    expect(lambda: unary(Request(payload=b"x" * (5 << 20)), timeout=patience), grpc.StatusCode.RESOURCE_EXHAUSTED)
    none = channel.unary_unary(f"/{SERVICE}/None", **coding)
    expect(lambda: none(Request(), timeout=patience), grpc.StatusCode.UNIMPLEMENTED)
    compressed = channel.unary_unary(f"/{SERVICE}/Unary", **coding)
    expect(lambda: compressed(Request(text="x" * 1000), timeout=patience, compression=grpc.Compression.Gzip), grpc.StatusCode.UNIMPLEMENTED)
    cancelled = server_stream(Request(count=2, delay_milliseconds=60_000), timeout=patience)
    cancelled.cancel()
    expect(lambda: next(cancelled), grpc.StatusCode.CANCELLED)
    print("ok")


def expect(action, code, details=None):
    try:
        action()
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()} ({error.details()}) where {code} was expected"
        assert details is None or error.details() == details, f"{error.details()!r} where {details!r} was expected"
    else:
        raise AssertionError(f"no error where {code} was expected")


if __name__ == "__main__":
    kinds = messages(sys.argv[2])
    if sys.argv[1] == "serve":
        serve(*kinds)
    else:
        call(*kinds, sys.argv[3])
