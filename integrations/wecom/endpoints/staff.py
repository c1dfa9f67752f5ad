"""通讯录: employees and departments inside the app's visible range. Contract §11.3.

Apps made after June 2022 get no mobile, e-mail or picture of anybody, and this client asks for none.
"""

from __future__ import annotations

from pydantic import Field

from integrations.wecom.endpoints.base import Endpoints
from integrations.wecom.types import OpenNumber, Shape, UserId
from integrations.wecom.wire import Call

ROOT_DEPARTMENT = 1


class MemberStatus(OpenNumber):
    UNKNOWN = -1
    ACTIVATED = 1
    DISABLED = 2
    NOT_ACTIVATED = 4
    QUIT = 5


class Member(Shape):
    """Only who is ACTIVATED can be added by a customer, and needs 实名 for it, which no API tells."""

    userid: UserId
    name: str = Field("", repr=False)
    department: tuple[int, ...] = ()
    main_department: int | None = None
    position: str = ""
    alias: str = Field("", repr=False)
    direct_leader: tuple[UserId, ...] = ()
    is_leader_in_dept: tuple[int, ...] = ()
    status: MemberStatus = MemberStatus.UNKNOWN


class MemberRef(Shape):
    userid: UserId
    name: str = Field("", repr=False)
    department: tuple[int, ...] = ()


class Department(Shape):
    """A larger `order` comes first among the children of one parent. The root has parentid 0."""

    id: int
    parentid: int = 0
    order: int = 0


class _SignIn(Shape):
    userid: UserId | None = None


class _Members(Shape):
    userlist: tuple[MemberRef, ...] = ()


class _Departments(Shape):
    department_id: tuple[Department, ...] = ()


class Staff(Endpoints):
    async def get_member(self, userid: str) -> Member:
        """Raises Refused 60111 (nobody of that id), Misconfigured 60011 (outside the visible range)."""
        return await self._transport.call(Call("user/get", query={"userid": userid}), Member)

    async def signed_in(self, code: str) -> str | None:
        """The userid behind an OAuth2 code, which counts once; None for somebody outside the corp.

        Raises Refused 40029 for a code that is spent or was none.
        """
        call = Call("auth/getuserinfo", query={"code": code})
        return (await self._transport.call(call, _SignIn)).userid

    async def list_members(
        self, department_id: int = ROOT_DEPARTMENT, *, fetch_child: bool = True
    ) -> list[MemberRef]:
        """Of a department, and with `fetch_child` of all below it."""
        query = {"department_id": str(department_id), "fetch_child": str(int(fetch_child))}
        return list((await self._transport.call(Call("user/simplelist", query=query), _Members)).userlist)

    async def list_departments(self, department_id: int | None = None) -> list[Department]:
        """The ids of a department and all below it, or of all in the visible range; without names."""
        query = {"id": str(department_id)} if department_id is not None else {}
        call = Call("department/simplelist", query=query)
        return list((await self._transport.call(call, _Departments)).department_id)
