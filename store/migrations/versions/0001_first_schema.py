"""First schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('api_key',
    sa.Column('key_hash', sa.String(), nullable=False),
    sa.Column('principal', sa.String(), nullable=False),
    sa.Column('roles', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key_hash')
    )
    op.create_table('change_request',
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('change_id', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('base_revision', sa.Integer(), nullable=True),
    sa.Column('document', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('requested_by', sa.String(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('answer', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.PrimaryKeyConstraint('order_number', 'change_id')
    )
    op.create_table('dispatch',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.Integer(), server_default='0', nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.CheckConstraint("kind IN ('start', 'carrier', 'payment', 'change', 'retry')", name='dispatch_kind'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('dispatch_open', 'dispatch', ['id'], unique=False, postgresql_where=sa.text('delivered_at IS NULL'))
    op.create_index('dispatch_order', 'dispatch', ['order_number'], unique=False)
    op.create_table('effect',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('operation', sa.String(), nullable=False),
    sa.Column('undoes', sa.String(), nullable=True),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('outcome', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('intended_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('intended', 'done', 'refused')", name='effect_state'),
    sa.PrimaryKeyConstraint('key')
    )
    op.create_index('effect_order', 'effect', ['order_number'], unique=False)
    op.create_table('event',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('tx', sa.BigInteger(), server_default=sa.text('(pg_current_xact_id()::text)::bigint'), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('words', sa.String(), nullable=False),
    sa.Column('why', sa.String(), nullable=False),
    sa.Column('data', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('correlation', sa.String(), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('order_number', 'key', name='event_once')
    )
    op.create_index('event_feed', 'event', ['tx', 'id'], unique=False)
    op.create_table('idempotency_key',
    sa.Column('principal', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('body_hash', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('principal', 'key')
    )
    op.create_table('inbox',
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('event_id', sa.String(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=True),
    sa.Column('body', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('source', 'event_id')
    )
    op.create_index('inbox_order', 'inbox', ['order_number'], unique=False)
    op.create_table('invoice',
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('shipment_key', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('goods', sa.BigInteger(), nullable=False),
    sa.Column('charges', sa.BigInteger(), nullable=False),
    sa.Column('tax', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('lines', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('total = goods + charges + tax', name='invoice_total'),
    sa.PrimaryKeyConstraint('number'),
    sa.UniqueConstraint('key'),
    sa.UniqueConstraint('shipment_key')
    )
    op.create_index('invoice_order', 'invoice', ['order_number'], unique=False)
    op.create_table('item',
    sa.Column('sku', sa.String(), nullable=False),
    sa.Column('title', sa.String(), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('sku')
    )
    op.create_table('number_range',
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('last', sa.BigInteger(), server_default='0', nullable=False),
    sa.PrimaryKeyConstraint('name')
    )
    op.create_table('payment_authorization',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('group_id', sa.String(), nullable=False),
    sa.Column('ref', sa.String(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('captured', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('intended', 'authorized', 'refused', 'voided', 'expired')", name='authorization_state'),
    sa.CheckConstraint('captured >= 0 AND captured <= amount', name='captured_within_authorized'),
    sa.PrimaryKeyConstraint('key')
    )
    op.create_index('authorization_order', 'payment_authorization', ['order_number'], unique=False)
    op.create_table('policy_bundle',
    sa.Column('hash', sa.String(), nullable=False),
    sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('files', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('hash')
    )
    op.create_table('posting',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('entry', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('debit', sa.String(), nullable=False),
    sa.Column('credit', sa.String(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('amount > 0', name='posting_positive'),
    sa.CheckConstraint('debit <> credit', name='posting_two_accounts'),
    sa.PrimaryKeyConstraint('key', 'entry')
    )
    op.create_index('posting_order', 'posting', ['order_number'], unique=False)
    op.create_table('reservation',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('location', sa.String(), nullable=False),
    sa.Column('sku', sa.String(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.CheckConstraint("state IN ('live', 'released', 'issued')", name='reservation_state'),
    sa.CheckConstraint('quantity > 0', name='reservation_positive'),
    sa.PrimaryKeyConstraint('key', 'line')
    )
    op.create_index('reservation_live', 'reservation', ['order_number'], unique=False, postgresql_where=sa.text("state = 'live'"))
    op.create_table('shipment',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('group_id', sa.String(), nullable=False),
    sa.Column('ref', sa.String(), nullable=True),
    sa.Column('method', sa.String(), nullable=False),
    sa.Column('location', sa.String(), nullable=False),
    sa.Column('wakes', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('tracking', sa.String(), nullable=True),
    sa.Column('status_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('shipped_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key')
    )
    op.create_index('shipment_order', 'shipment', ['order_number'], unique=False)
    op.create_table('stock_movement',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('location', sa.String(), nullable=False),
    sa.Column('sku', sa.String(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('credit_memo',
    sa.Column('number', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('invoice_number', sa.BigInteger(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('goods', sa.BigInteger(), nullable=False),
    sa.Column('charges', sa.BigInteger(), nullable=False),
    sa.Column('tax', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('total = goods + charges + tax', name='credit_memo_total'),
    sa.ForeignKeyConstraint(['invoice_number'], ['invoice.number'], ),
    sa.PrimaryKeyConstraint('number'),
    sa.UniqueConstraint('invoice_number'),
    sa.UniqueConstraint('key')
    )
    op.create_index('credit_memo_order', 'credit_memo', ['order_number'], unique=False)
    op.create_table('list_price',
    sa.Column('sku', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.CheckConstraint('amount >= 0', name='list_price_not_negative'),
    sa.ForeignKeyConstraint(['sku'], ['item.sku'], ),
    sa.PrimaryKeyConstraint('sku', 'currency', 'valid_from')
    )
    op.create_table('payment_capture',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('authorization_key', sa.String(), nullable=False),
    sa.Column('shipment_key', sa.String(), nullable=False),
    sa.Column('ref', sa.String(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('refunded', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('amount > 0 AND refunded >= 0 AND refunded <= amount', name='refund_within_capture'),
    sa.ForeignKeyConstraint(['authorization_key'], ['payment_authorization.key'], ),
    sa.PrimaryKeyConstraint('key'),
    sa.UniqueConstraint('shipment_key')
    )
    op.create_table('policy_release',
    sa.Column('id', sa.BigInteger(), autoincrement=True, nullable=False),
    sa.Column('hash', sa.String(), nullable=False),
    sa.Column('effective_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('note', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['hash'], ['policy_bundle.hash'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('sales_order',
    sa.Column('number', sa.String(), nullable=False),
    sa.Column('source_system', sa.String(), nullable=False),
    sa.Column('source_id', sa.String(), nullable=False),
    sa.Column('body_hash', sa.String(), nullable=False),
    sa.Column('document', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('party', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('bundle', sa.String(), nullable=False),
    sa.Column('channel', sa.String(), nullable=False),
    sa.Column('customer', sa.String(), nullable=False),
    sa.Column('currency', sa.String(), nullable=False),
    sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('requested_date', sa.Date(), nullable=True),
    sa.Column('as_of', sa.Date(), nullable=True),
    sa.Column('principal', sa.String(), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('opened', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('goods', sa.BigInteger(), nullable=True),
    sa.Column('charges', sa.BigInteger(), nullable=True),
    sa.Column('tax', sa.BigInteger(), nullable=True),
    sa.Column('version', sa.Integer(), server_default='0', nullable=False),
    sa.Column('revision', sa.Integer(), server_default='1', nullable=False),
    sa.Column('status', sa.Text(), server_default='accepted', nullable=False),
    sa.Column('finished', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('at_risk', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('parked', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('promise_date', sa.Date(), nullable=True),
    sa.Column('shipped_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('row', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['bundle'], ['policy_bundle.hash'], ),
    sa.PrimaryKeyConstraint('number'),
    sa.UniqueConstraint('source_system', 'source_id', name='order_source_once')
    )
    op.create_index('order_accepted', 'sales_order', ['accepted_at', 'number'], unique=False)
    op.create_index('order_customer', 'sales_order', ['customer', 'number'], unique=False)
    op.create_index('order_status', 'sales_order', ['status', 'number'], unique=False)
    op.create_table('shipment_line',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('shipped', sa.Integer(), server_default='0', nullable=False),
    sa.Column('live', sa.Boolean(), nullable=False),
    sa.CheckConstraint('quantity > 0 AND shipped >= 0 AND shipped <= quantity', name='shipment_line_quantities'),
    sa.ForeignKeyConstraint(['key'], ['shipment.key'], ),
    sa.PrimaryKeyConstraint('key', 'line')
    )
    op.create_index('shipment_line_one_live', 'shipment_line', ['order_number', 'line'], unique=True, postgresql_where=sa.text('live'))
    op.create_table('stock',
    sa.Column('location', sa.String(), nullable=False),
    sa.Column('sku', sa.String(), nullable=False),
    sa.Column('on_hand', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('reserved', sa.BigInteger(), server_default='0', nullable=False),
    sa.CheckConstraint('reserved >= 0 AND reserved <= on_hand', name='stock_no_oversell'),
    sa.ForeignKeyConstraint(['sku'], ['item.sku'], ),
    sa.PrimaryKeyConstraint('location', 'sku')
    )
    op.create_index('stock_sku', 'stock', ['sku'], unique=False)
    op.create_table('order_line',
    sa.Column('order_number', sa.String(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('sku', sa.String(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('amount', sa.BigInteger(), nullable=False),
    sa.Column('waterfall', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('group_id', sa.String(), nullable=False),
    sa.Column('shipped', sa.Integer(), server_default='0', nullable=False),
    sa.Column('cancelled', sa.Integer(), server_default='0', nullable=False),
    sa.Column('open', sa.Integer(), sa.Computed('quantity - shipped - cancelled', ), nullable=False),
    sa.CheckConstraint('quantity > 0', name='line_positive'),
    sa.CheckConstraint('shipped >= 0 AND cancelled >= 0 AND shipped + cancelled <= quantity', name='line_quantities'),
    sa.ForeignKeyConstraint(['order_number'], ['sales_order.number'], ),
    sa.ForeignKeyConstraint(['sku'], ['item.sku'], ),
    sa.PrimaryKeyConstraint('order_number', 'number')
    )


def downgrade() -> None:
    op.drop_table('order_line')
    op.drop_index('stock_sku', table_name='stock')
    op.drop_table('stock')
    op.drop_index('shipment_line_one_live', table_name='shipment_line', postgresql_where=sa.text('live'))
    op.drop_table('shipment_line')
    op.drop_index('order_status', table_name='sales_order')
    op.drop_index('order_customer', table_name='sales_order')
    op.drop_index('order_accepted', table_name='sales_order')
    op.drop_table('sales_order')
    op.drop_table('policy_release')
    op.drop_table('payment_capture')
    op.drop_table('list_price')
    op.drop_index('credit_memo_order', table_name='credit_memo')
    op.drop_table('credit_memo')
    op.drop_table('stock_movement')
    op.drop_index('shipment_order', table_name='shipment')
    op.drop_table('shipment')
    op.drop_index('reservation_live', table_name='reservation', postgresql_where=sa.text("state = 'live'"))
    op.drop_table('reservation')
    op.drop_index('posting_order', table_name='posting')
    op.drop_table('posting')
    op.drop_table('policy_bundle')
    op.drop_index('authorization_order', table_name='payment_authorization')
    op.drop_table('payment_authorization')
    op.drop_table('number_range')
    op.drop_table('item')
    op.drop_index('invoice_order', table_name='invoice')
    op.drop_table('invoice')
    op.drop_index('inbox_order', table_name='inbox')
    op.drop_table('inbox')
    op.drop_table('idempotency_key')
    op.drop_index('event_feed', table_name='event')
    op.drop_table('event')
    op.drop_index('effect_order', table_name='effect')
    op.drop_table('effect')
    op.drop_index('dispatch_order', table_name='dispatch')
    op.drop_index('dispatch_open', table_name='dispatch', postgresql_where=sa.text('delivered_at IS NULL'))
    op.drop_table('dispatch')
    op.drop_table('change_request')
    op.drop_table('api_key')
