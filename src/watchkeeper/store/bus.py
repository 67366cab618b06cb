"""Event ids from every process to every live feed over Redis pub/sub. Ids travel, never bodies; PostgreSQL keeps them."""

import logging
from collections.abc import AsyncGenerator, Sequence

from redis.asyncio import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

CHANNEL = "watchkeeper:events"


class RedisBus:
    """One Redis. When it is down publishing is skipped and listening ends: the caller goes back to LISTEN/NOTIFY."""

    def __init__(self, url: str) -> None:
        self._redis: Redis = Redis.from_url(url, socket_connect_timeout=2, decode_responses=True)

    async def publish(self, ids: Sequence[int]) -> None:
        """Tell that these events were committed."""
        try:
            for number in ids:
                await self._redis.publish(CHANNEL, str(number))
        except (RedisError, OSError) as error:
            log.warning("redis does not take events: %s", error)

    async def listen(self) -> AsyncGenerator[int | None]:
        """Ids as they come, None once it is subscribed; ends when Redis is gone."""
        subscription = self._redis.pubsub()
        try:
            await subscription.subscribe(CHANNEL)
            async for message in subscription.listen():
                if message["type"] == "subscribe":
                    yield None
                elif message["type"] == "message":
                    yield int(message["data"])
        except (RedisError, OSError) as error:
            log.warning("redis does not tell events: %s", error)
        finally:
            try:
                await subscription.aclose()  # type: ignore[no-untyped-call]
            except (RedisError, OSError):
                log.debug("redis was gone before the subscription ended")

    async def close(self) -> None:
        """Give connections back."""
        await self._redis.aclose()
