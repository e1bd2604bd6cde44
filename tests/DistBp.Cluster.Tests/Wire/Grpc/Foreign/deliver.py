"""A foreign gRPC peer (Debian's python3-grpcio and python3-protobuf) that sends messages of parameters.proto as a node does.

  deliver.py DESCRIPTOR ADDRESS       sends a gradient that arrives, then what does not; prints what went wrong, or "ok"
DESCRIPTOR: a file with parameters.proto's FileDescriptorProto, as generated code carries it.
"""
import os
import queue
import secrets
import sys

import grpc
from google.protobuf import descriptor_pool, message_factory

SECRET = (("distbp-secret", "open sesame"),)
PATIENCE = 20


def messages(path):
    pool = descriptor_pool.DescriptorPool()
    with open(path, "rb") as file:
        pool.AddSerializedFile(file.read())
    factory = message_factory.MessageFactory(pool)
    return [factory.GetPrototype(pool.FindMessageTypeByName(f"distbp.v1.{name}")) for name in ("Delivery", "Receipt")]


def crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


TABLE = crc32c_table()


def crc32c(data):
    state = 0xFFFFFFFF
    for byte in data:
        state = TABLE[(state ^ byte) & 0xFF] ^ state >> 8
    return state ^ 0xFFFFFFFF


def main(Delivery, Receipt, address):
    channel = grpc.insecure_channel(address)
    deliver = channel.stream_stream(
        "/distbp.v1.Parameters/Deliver", request_serializer=Delivery.SerializeToString, response_deserializer=Receipt.FromString)
    tensor = bytes(i * 7 % 251 for i in range(500_000))

    def envelope():
        delivery = Delivery()
        delivery.envelope.job = 3
        delivery.envelope.generation.term = 1
        # A word of Python's own, so no attribute by name.
        getattr(delivery.envelope, "from").index = 5
        delivery.envelope.push_gradient.step = 77
        delivery.envelope.push_gradient.subtree.count = 4
        delivery.envelope.push_gradient.sums.extend([1.5, -2])
        delivery.envelope.tensors.add(number=1, bytes=len(tensor))
        return delivery

    def chunk(offset, end):
        payload = tensor[offset:end]
        return Delivery(checksum=crc32c(payload), tensor=1, offset=offset, payload=payload)

    def damaged():
        delivery = chunk(0, 1000)
        delivery.checksum ^= 1
        return delivery

    chunks = [chunk(offset, offset + 70_000) for offset in range(0, len(tensor), 70_000)]
    receipts = list(deliver(iter([envelope(), *chunks]), timeout=PATIENCE, metadata=SECRET))
    assert [r.WhichOneof("kind") for r in receipts] == ["admission"], receipts
    expect(deliver, [envelope(), damaged()], grpc.StatusCode.DATA_LOSS, "tensor 1, bytes 0..1000")
    expect(deliver, [envelope(), Delivery(tensor=1, offset=499_999, payload=b"xx")], grpc.StatusCode.OUT_OF_RANGE, "outside")
    expect(deliver, [chunk(0, 10)], grpc.StatusCode.NOT_FOUND, "not announced")
    expect(deliver, [envelope(), chunk(0, 10)], grpc.StatusCode.INTERNAL, "ended inside")
    expect(deliver, [], grpc.StatusCode.UNAUTHENTICATED, "secret", metadata=(("distbp-secret", "guess"),))
    shared(Delivery, deliver, envelope, tensor)
    print("ok")


def shared(Delivery, deliver, envelope, tensor):
    """The same tensor, left in memory that this process shares."""
    name = f"distbp-0-0-0-{secrets.token_hex(16)}"
    path = os.path.join("/dev/shm", name)
    nonce = secrets.token_bytes(32)
    with open(path, "wb") as file:
        file.write(nonce + bytes(32) + tensor)
    with open("/proc/sys/kernel/random/boot_id") as file:
        boot = file.read().strip()
    answered = queue.Queue()

    def deliveries():
        yield Delivery(offer=dict(segment=9, boot=boot, file=name, nonce=nonce, bytes=64 + len(tensor)))
        assert answered.get(timeout=PATIENCE).accepted, "the offer"
        delivery = envelope()
        delivery.envelope.tensors[0].place.segment = 9
        delivery.envelope.tensors[0].place.offset = 64
        yield delivery
        delivery.envelope.tensors[0].place.offset = 128
        yield delivery

    try:
        for receipt in deliver(deliveries(), timeout=PATIENCE, metadata=SECRET):
            if receipt.WhichOneof("kind") == "answer":
                answered.put(receipt.answer)
        raise AssertionError("no error where a tensor is outside of the segment")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.OUT_OF_RANGE, error.details()
    finally:
        os.remove(path)


def expect(deliver, deliveries, code, details, metadata=SECRET):
    try:
        list(deliver(iter(deliveries), timeout=PATIENCE, metadata=metadata))
    except grpc.RpcError as error:
        assert error.code() == code and details in error.details(), f"{error.code()} ({error.details()}) where {code} was expected"
    else:
        raise AssertionError(f"no error where {code} was expected")


if __name__ == "__main__":
    main(*messages(sys.argv[1]), sys.argv[2])
